/** Which database errors are worth another try (fault retry-blind). */
const TRANSIENT_CLASSES = new Set([
  '08', // connection exception
  '40', // transaction rollback: serialization failure, deadlock
  '53', // insufficient resources: too many connections, out of memory, disk full
  '57', // operator intervention: shutdown, crash, cannot connect now, query canceled
]);
const TRANSIENT_STATES = new Set([
  '55P03' /* lock not available */,
  '25P03' /* idle in transaction timeout */,
  '25006' /* read-only after a failover */,
]);
const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);
const PG_MESSAGES =
  /Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error|Client was closed/;

/** True where the same statement may succeed later: the server was away, busy, or chose this transaction as a victim. */
export function isTransient(error: unknown, depth = 0): boolean {
  // A chain of causes may be a circle.
  if (!(error instanceof Error) || depth > 5) return false;
  if (error instanceof AggregateError) return error.errors.some((part) => isTransient(part, depth + 1));
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  // First, as EPIPE has the form of an SQLSTATE.
  if (NETWORK_CODES.has(code)) return true;
  if (/^[0-9A-Z]{5}$/.test(code)) return TRANSIENT_CLASSES.has(code.slice(0, 2)) || TRANSIENT_STATES.has(code);
  return PG_MESSAGES.test(error.message) || isTransient(error.cause, depth + 1);
}
