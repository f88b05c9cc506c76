/**
 * What Pulumi loads. Plain JavaScript that any Node can read: an older one cannot load the program itself, which is
 * TypeScript, and would say so in twenty lines about file extensions.
 */
const WANTED = 24;

/** Entry point of `pulumi preview` and `pulumi up`: Pulumi calls what is exported; what it returns are the outputs. */
export default async function start() {
  if (Number.parseInt(process.versions.node, 10) < WANTED) {
    const { default: pulumi } = await import('@pulumi/pulumi');
    const error = new pulumi.RunError(
      `Node ${process.versions.node} cannot run this program: it takes Node ${WANTED} or newer. The packages bring one: npm exec -- pulumi preview`,
    );
    // See refuse.ts.
    delete error.stack;
    throw error;
  }
  const { program } = await import('./program.ts');
  return program();
}
