/** As infra/start.js: plain JavaScript, so that an older Node gets one line. */
const WANTED = 24;

/** Entry point of `pulumi -C infra/bootstrap up`. */
export default async function start() {
  if (Number.parseInt(process.versions.node, 10) < WANTED) {
    const { default: pulumi } = await import('@pulumi/pulumi');
    const error = new pulumi.RunError(
      `Node ${process.versions.node} cannot run this program: it takes Node ${WANTED} or newer. The packages bring one: npm exec -- pulumi -C infra/bootstrap up`,
    );
    delete error.stack;
    throw error;
  }
  const { bootstrap } = await import('./index.ts');
  return bootstrap();
}
