/**
 * `node app/main.ts web|worker|media|migrate|sentinel|ops`. Signals are heard before anything else is loaded: process 1 of a
 * container has no other way to hear them, and what it misses is followed by SIGKILL (fault reload-in-prod).
 */
let leave: ((signal: NodeJS.Signals) => void) | undefined;

function hear(signal: NodeJS.Signals): void {
  if (leave) return leave(signal);
  const role = process.argv[2];
  process.stdout.write(
    `${JSON.stringify({ level: 'info', time: new Date().toISOString(), role, signal, msg: 'ended before it had begun' })}\n`,
  );
  // Nothing was taken in hand. A migration or a verb that was cut off is no success, and nobody must take it for one.
  process.exit(role === 'migrate' || role === 'ops' ? 1 : 0);
}

process.on('SIGTERM', hear);
process.on('SIGINT', hear);

const { run } = await import('./roles/start.ts');
await run(process.argv[2], (leaving) => {
  leave = leaving;
});
