/** What a database error says: worth another try at all, and whether the server or the statement is to blame (fault retry-blind). */

/** Nobody answers, or answers that it cannot: no statement would have done better. By SQLSTATE. */
const AWAY_CLASSES = new Set(['08' /* connection exception */]);
const NEVER_AWAY = '08P01'; // protocol violation: what we send is wrong, and stays so
const AWAY_STATES = new Set([
  '57P01' /* admin shutdown, or the session was ended */,
  '57P02' /* crash shutdown */,
  '57P03' /* cannot connect now */,
  '57P05' /* idle session timeout */,
  '25006' /* read-only after a failover */,
  '53100' /* disk full */,
  '53200' /* out of memory */,
  '53300' /* too many connections */,
]);

/** The server is well and this statement had bad luck, or is to blame for it: another try may succeed, and may never. */
const UNLUCKY_CLASSES = new Set([
  '40', // transaction rollback: serialization failure, deadlock
  '53', // insufficient resources: a limit of this statement's own
  '57', // operator intervention: 57014, cancelled by statement_timeout or by a person
]);
const UNLUCKY_STATES = new Set(['55P03' /* lock not available */, '25P03' /* idle in transaction timeout */]);

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
/** What `pg` and its pool say without a code. `timeout expired` is a connect that took too long. */
const PG_MESSAGES =
  /Connection terminated|timeout exceeded when trying to connect|^timeout expired$|Query read timeout|Client has encountered a connection error|Client was closed/;

type Verdict = 'away' | 'unlucky' | 'lasting';

function judge(error: unknown, depth = 0): Verdict {
  // A chain of causes may be a circle.
  if (!(error instanceof Error) || depth > 5) return 'lasting';
  if (error instanceof AggregateError) {
    const parts = error.errors.map((part) => judge(part, depth + 1));
    return parts.find((verdict) => verdict !== 'lasting') ?? 'lasting';
  }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  // First, as EPIPE has the form of an SQLSTATE.
  if (NETWORK_CODES.has(code)) return 'away';
  if (/^[0-9A-Z]{5}$/.test(code)) {
    const kind = code.slice(0, 2);
    if (code === NEVER_AWAY) return 'lasting';
    if (AWAY_CLASSES.has(kind) || AWAY_STATES.has(code)) return 'away';
    return UNLUCKY_CLASSES.has(kind) || UNLUCKY_STATES.has(code) ? 'unlucky' : 'lasting';
  }
  return PG_MESSAGES.test(error.message) ? 'away' : judge(error.cause, depth + 1);
}

/** True where the same statement may succeed later: the server was away or busy, or chose this transaction as a victim. */
export const isTransient = (error: unknown): boolean => judge(error) !== 'lasting';

/**
 * True where the server, the way to it or a connection was missing, so that whoever asked is not to blame: waiting costs
 * no attempt. A statement that times out, waits for a lock in vain, deadlocks or fills the disk is not of that kind.
 */
export const isServerAway = (error: unknown): boolean => judge(error) === 'away';
