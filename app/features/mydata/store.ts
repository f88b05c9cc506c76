/** What is kept of a person, read by them. Each statement names the index that it relies on. */
import type { Pool } from '../../database/pool.ts';

export interface Who {
  botId: number;
  userId: number;
}

/** Words that are shown at most: what does not fit 20 messages is told by its number. */
export const MOST = 2_000;

interface Kept {
  person:
    | {
        since: Date;
        app: string | null;
        language: string | null;
        username: string | null;
        seen: Date | null;
        muted: string[];
      }
    | undefined;
  words: { at: Date; role: 'user' | 'assistant'; text: string }[];
  /** How many words there are. */
  all: number;
  dialog: { kind: string; state: unknown } | undefined;
  questions: { action: string; input: unknown }[];
  orders: number;
  /** Answers of which it is noted whether they were free. */
  answers: number;
  /** Broadcasts that went to them, or will. */
  received: number;
  subscriptions: { plan: string; state: string; until: Date }[];
}

export async function keptOf(pool: Pool, { botId, userId }: Who): Promise<Kept> {
  const of = async <Row extends object>(name: string, text: string): Promise<Row[]> =>
    (await pool.query<Row>({ name: `mydata-${name}`, text, values: [botId, userId] })).rows;
  // One after the other: a person who asks must not take all connections of a worker.
  const [person] = await of<NonNullable<Kept['person']>>(
    'person',
    // person_pkey
    `SELECT first_seen_at AS since, app_language AS app, language, username,
            seen_on::timestamp AT TIME ZONE 'UTC' AS seen, muted FROM evenkeel.person WHERE bot_id = $1 AND user_id = $2`,
  );
  const words = await of<Kept['words'][number]>(
    'words',
    // message_thread. The latest, oldest first.
    `SELECT * FROM (
       SELECT created_at AS at, role, text FROM evenkeel.message WHERE bot_id = $1 AND chat_id = $2
       ORDER BY created_at DESC, update_id DESC, role LIMIT ${MOST}
     ) AS latest ORDER BY at, role DESC`,
  );
  const [counted] = await of<{ all: number }>(
    'count',
    // message_thread
    `SELECT count(*) AS all FROM evenkeel.message WHERE bot_id = $1 AND chat_id = $2`,
  );
  const [dialog] = await of<NonNullable<Kept['dialog']>>(
    'dialog',
    // dialog_pkey
    `SELECT kind, state FROM evenkeel.dialog WHERE bot_id = $1 AND chat_id = $2`,
  );
  const questions = await of<Kept['questions'][number]>(
    'questions',
    // tap_person
    `SELECT action, input FROM evenkeel.tap WHERE bot_id = $1 AND user_id = $2 ORDER BY expires_at LIMIT 100`,
  );
  const [orders] = await of<{ count: number }>(
    'orders',
    // purchase_user
    `SELECT count(*) AS count FROM evenkeel.purchase WHERE bot_id = $1 AND user_id = $2`,
  );
  const subscriptions = await of<Kept['subscriptions'][number]>(
    'subscriptions',
    // subscription_user
    `SELECT plan, state, paid_until AS until FROM evenkeel.subscription WHERE bot_id = $1 AND user_id = $2 ORDER BY started_at`,
  );
  const [answers] = await of<{ count: number }>(
    'answers',
    // answer_person
    `SELECT count(*) AS count FROM evenkeel.answer WHERE bot_id = $1 AND user_id = $2`,
  );
  const [received] = await of<{ count: number }>(
    'received',
    // recipient_user
    `SELECT count(*) AS count FROM evenkeel.broadcast_recipient WHERE bot_id = $1 AND user_id = $2`,
  );
  return {
    person,
    words,
    all: counted!.all,
    dialog,
    questions,
    orders: orders!.count,
    answers: answers!.count,
    received: received!.count,
    subscriptions,
  };
}
