/**
 * Sends of which nobody knows whether they arrived. The bot sends such a message once more at most, as its class says
 * (app/outbox/classes.ts), and then leaves it to a person: counts it in `/health` and lists it by `ops unknown list`. A
 * message that is missing and left so is untold and named; any other that is missing is lost.
 */
import type { Outcome } from '../../app/ops/outcome.ts';
import { AGAIN } from '../../app/outbox/send.ts';
import { CLASSES, classesThat, type MessageClass } from '../../app/outbox/classes.ts';
import type { Pool } from '../../app/database/pool.ts';
import type { SimulatedTelegram } from '../../local/contract/index.ts';
import { TELEGRAM } from '../../posture/outside.ts';

/** A send that is left to a person. */
export interface Left {
  /** As `ops` calls it, and what it is. */
  name: string;
  chat: number;
  /** What it says; undefined of an answer at hand, whose words are not kept. */
  text?: string;
}

/** How the bot tells of them: what `ops unknown list` answers, and what `/health` counts. */
export interface Told {
  listed: Outcome;
  counted: { messages: number; answers: number } | undefined;
}

interface Row {
  message: string;
  chat: number;
  class: MessageClass;
  cause: string;
  attempts: number;
  text: string | null;
}

/** Most often that an answer at hand leaves: `providers.telegram.ambiguous`. */
const ANSWER_LEAVES = 2;

const FOR_PEOPLE = classesThat(({ forPeople }) => forPeople);
const UNKNOWN = `
  SELECT 'message:' || id AS message, chat_id::float8 AS chat, class, cause, attempts::int, payload->>'text' AS text
  FROM evenkeel.outbox WHERE state = 'unknown' AND class = ANY ($1) ORDER BY id`;

/** How often somebody has a text, a repeat that says so included. */
const copiesOf = (telegram: SimulatedTelegram, { chat, text }: Row): number =>
  telegram.messages(chat).filter((one) => one.from === 'bot' && (one.text === text || one.text === text + AGAIN))
    .length;

/** What is left to a person, and where the bot left it otherwise than it says. */
export async function leftToPeople(
  { pool, telegram }: { pool: Pool; telegram: SimulatedTelegram },
  { listed, counted }: Told,
): Promise<{ left: Left[]; problems: string[] }> {
  const { rows } = await pool.query<Row>(UNKNOWN, [FOR_PEOPLE]);
  const lines = listed.tables.flatMap((table) => table.rows);
  const answers = lines.filter((line) => line['update'] !== undefined);
  const names = new Set(lines.map((line) => line['message']));
  const problems: string[] = [];
  const left: Left[] = [];
  for (const row of rows) {
    const { message, chat, class: name, cause, attempts, text } = row;
    const copies = copiesOf(telegram, row);
    const about = `${message}, a ${name} (${cause}) to ${chat}`;
    if (!names.has(message)) problems.push(`${about} is of unknown outcome, and ops does not list it`);
    else if (attempts !== CLASSES[name].leaves)
      problems.push(`${about} was left to a person after ${attempts} of ${CLASSES[name].leaves} times`);
    else if (copies > attempts) problems.push(`${about} left ${attempts} times, and is there ${copies} times`);
    else
      left.push({
        name: `${about}: left ${attempts} times, there ${copies} times`,
        chat,
        ...(text !== null && { text }),
      });
  }
  for (const { update, chat, method, tries } of answers) {
    const about = `${String(method)} to ${String(chat)} of update ${String(update)}`;
    if (Number(tries) > ANSWER_LEAVES) problems.push(`${about} is of unknown outcome after ${String(tries)} times`);
    else left.push({ name: `${about}: left ${String(tries)} times`, chat: Number(chat) });
  }
  if (counted?.messages !== rows.length || counted.answers !== answers.length)
    problems.push(
      `${rows.length} messages and ${answers.length} answers are of unknown outcome, and /health counts ${JSON.stringify(counted)}`,
    );
  return { left, problems };
}

/** Whether something that somebody misses is left to a person: each is for one thing that is missed. */
export function excusing(left: readonly Left[]): (chat: number, matching?: (text: string) => boolean) => boolean {
  const open = [...left];
  return (chat, matching = () => true) => {
    const of = open.filter((one) => one.chat === chat);
    const one =
      of.find(({ text }) => text !== undefined && matching(text)) ?? of.find(({ text }) => text === undefined);
    if (one) open.splice(open.indexOf(one), 1);
    return one !== undefined;
  };
}

/**
 * Updates that the desk lists as parked: none may be, but a question before a payment that got no connection until Telegram
 * had cancelled the payment. Nothing was charged, and whoever wants it pays again.
 */
export async function givenUp(pool: Pool): Promise<{ problems: string[]; late: string[] }> {
  const { rows } = await pool.query<{ update: number; queue: string; age: number; cause: string | null }>(
    `SELECT update_id::float8 AS update, queue, extract(epoch FROM settled_at - received_at)::float8 AS age, last_error AS cause
     FROM evenkeel.inbox WHERE state = 'parked' ORDER BY settled_at LIMIT 100`,
  );
  const problems: string[] = [];
  const late: string[] = [];
  for (const { update, queue, age, cause } of rows)
    (queue === 'preCheckout' && age * 1000 >= TELEGRAM.preCheckoutAnswer ? late : problems).push(
      `update ${update} of ${queue} was given up after ${age.toFixed(1)} s: ${cause ?? 'no cause'}`,
    );
  return { problems, late };
}
