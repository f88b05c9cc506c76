/** What lies on the desk, made of what the verbs list: each with who it concerns, why, since when, and what can be done. */
import type { Cell, Outcome, Row, Table } from '../../../app/ops/outcome.ts';
import { QUEUES as DECLARED } from '../../../posture/features/index.ts';
import type { KindName } from './kinds.ts';
import type { Operator } from './operator.ts';

/** Rows of a kind that the page shows; also the most that are run again at once. */
export const SHOWN = 100;

export interface Item {
  kind: KindName;
  /** As a verb is told of it. */
  id: string;
  bot: number | null;
  title: string;
  /** Whose chat it is, by Telegram's id; null where nobody's is known. */
  chat: string | null;
  /** Why, without a word that anybody wrote. */
  cause: string | null;
  since: string | null;
  facts: readonly (readonly [string, Cell])[];
  /** Names of what can be done. */
  deeds: readonly string[];
}

export interface DeskView {
  items: Item[];
  held: { isHeld: boolean; why: string[]; tables: Table[]; said: readonly string[] };
  /** Why it cannot be known now; null: all of this is so. */
  away: string | null;
}

const text = (value: Cell | undefined): string | null => (value == null ? null : String(value));

const rowsWith = ({ tables }: Outcome, ...names: string[]): Row[] =>
  tables.flatMap(({ rows }) => rows.filter((row) => names.every((name) => Object.hasOwn(row, name))));

/** A lane is `bot:chat`, `bot:pre:update`, `bot:pay:payer`. */
function chatOf(lane: Cell | undefined): string | null {
  const [, first = '', last] = String(lane ?? '').split(':');
  const chat = first === 'pay' ? last : first;
  return chat !== undefined && /^-?\d+$/.test(chat) ? chat : null;
}

const UPDATES: Readonly<Record<string, string>> = {
  chat: 'Update',
  preCheckout: 'Checkout',
  payment: 'Payment update',
};

function parkedUpdate(row: Row): Item {
  const { bot, update, queue, lane, attempts, takeovers, received, settled, confirmed, unknown, cause } = row;
  const isCallback = String(update).startsWith('callback:');
  const isOfPayment = queue === 'payment';
  return {
    kind: isCallback ? (isOfPayment ? 'callback' : 'rendered') : 'update',
    id: String(update),
    bot: bot as number,
    title: isCallback ? 'Callback' : `${UPDATES[String(queue)] ?? queue} ${update}`,
    chat: chatOf(lane),
    cause: text(cause),
    since: text(settled),
    facts: [
      ['received', received ?? null],
      ['failed attempts', attempts ?? null],
      ...(takeovers ? ([['workers lost', takeovers]] as const) : []),
      ...(confirmed ? ([['sends confirmed', confirmed]] as const) : []),
      ...(unknown ? ([['sends of unknown outcome', unknown]] as const) : []),
    ],
    // Of what was paid nothing is given up.
    deeds: isOfPayment ? ['redrive'] : ['redrive', 'dismiss'],
  };
}

function deadJob({ job, queue, attempts, made, died, cause }: Row): Item {
  const what = (DECLARED as Readonly<Record<string, { what: string }>>)[String(queue)]?.what;
  return {
    kind: 'job',
    id: String(job),
    bot: null,
    title: `Job of ${queue}`,
    chat: null,
    cause: text(cause),
    since: text(died),
    facts: [
      ...(what === undefined ? [] : ([['does', what]] as const)),
      ['made', made ?? null],
      ['attempts', attempts ?? null],
    ],
    deeds: ['redrive', 'dismiss'],
  };
}

const leftMessage =
  (kind: 'message' | 'unknown') =>
  ({ message, bot, chat, class: what, method, follows, attempts, code, settled, why }: Row): Item => ({
    kind,
    id: String(message),
    bot: bot as number,
    title: `${String(what).replace(/^./, (first) => first.toUpperCase())} by ${method}`,
    chat: text(chat),
    cause: text(why),
    since: text(settled),
    facts: [
      ['follows from', follows ?? null],
      ['attempts', attempts ?? null],
      ...(code == null ? [] : ([['Telegram said', code]] as const)),
    ],
    deeds: kind === 'message' ? ['redrive', 'dismiss'] : ['arrived', 'lost'],
  });

/** An update with several such sends is one thing to decide about. */
function unknownSends(rows: readonly Row[]): Item[] {
  return [...Map.groupBy(rows, ({ bot, update }) => `${bot}:${update}`).values()].map(([first, ...more]) => {
    const { bot, update, chat, method, tries, sent, reason } = first!;
    const sends = 1 + more.length;
    return {
      kind: 'unknown',
      id: String(update),
      bot: bot as number,
      title: sends > 1 ? `${sends} sends of update ${update}` : `${method} of update ${update}`,
      chat: text(chat),
      cause: text(reason),
      since: text(sent),
      facts: [['times sent', tries ?? null]],
      deeds: ['arrived', 'lost'],
    };
  });
}

function causeOf(isParked: boolean, note: string | null, error: string | null): string {
  if (error !== null) return `its refund was refused: ${error}`;
  return isParked ? (note ?? 'its offer is not known here') : 'its refund is asked for, and not confirmed yet';
}

function payment({ bot, receipt, provider, user, amount, currency, came, state, note, paid, ...rest }: Row): Item {
  const isParked = state === 'parked';
  const error = text(rest['refundError']);
  return {
    kind: 'payment',
    id: `R-${receipt}`,
    bot: bot as number,
    title: `R-${receipt}: ${came ?? (currency === 'XTR' ? `${amount} Stars` : `$${(Number(amount) / 100).toFixed(2)}`)}`,
    chat: user ? String(user) : null,
    cause: causeOf(isParked, text(note), error),
    since: text(paid),
    facts: [
      ['state', isParked ? 'nothing credited yet' : 'refund under way'],
      ['by', provider ?? null],
      ...(rest['refundBy'] == null ? [] : ([['refund asked for by', rest['refundBy']]] as const)),
    ],
    deeds: isParked ? ['link', 'refund', 'dismiss'] : [],
  };
}

const LIMIT = ['--limit', String(SHOWN)];

/** One look: the verbs on one connection. */
export async function readDesk(operator: Operator): Promise<DeskView> {
  const outcomes = await operator([
    ['dead', 'list', ...LIMIT],
    ['unknown', 'list', ...LIMIT],
    ['payments', 'list', ...LIMIT],
    ['held', ...LIMIT],
  ]);
  const [dead, unknown, payments, held] = outcomes as [Outcome, Outcome, Outcome, Outcome];
  const why = rowsWith(held, 'reason').map(({ reason }) => String(reason));
  const isHeld = why.length > 0;
  return {
    items: [
      ...rowsWith(payments, 'receipt').map(payment),
      ...rowsWith(dead, 'update', 'lane').map(parkedUpdate),
      ...rowsWith(dead, 'job').map(deadJob),
      ...rowsWith(dead, 'message').map(leftMessage('message')),
      ...unknownSends(rowsWith(unknown, 'update', 'method')),
      ...rowsWith(unknown, 'message').map(leftMessage('unknown')),
    ],
    held: {
      isHeld,
      why,
      tables: isHeld ? held.tables.filter((one) => rowsWith({ tables: [one], said: [] }, 'reason').length === 0) : [],
      said: isHeld ? held.said : [],
    },
    away: outcomes.find(({ ok }) => ok === false)?.said[0] ?? null,
  };
}
