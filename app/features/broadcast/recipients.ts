/** Recipients in SQL, many at once. Each statement names the index that it relies on. */
import type { Tx } from '../../database/tx.ts';
import type { Fate } from './store.ts';

/** Somebody whose turn it is. */
export interface Recipient {
  user: number;
  /** What they have chosen to be spoken to in, and what their app speaks. */
  chosen: string | null;
  app: string | null;
  /** Of what arrived; where it is to be changed. */
  message: number | null;
}

/**
 * recipient_waiting, and person_pkey for each. Takes the next ones: from this commit on they count as written to. Who has
 * blocked the bot meanwhile, or does not want the category any more, is left out.
 */
export async function take(tx: Tx, broadcast: number, category: string, most: number): Promise<Recipient[]> {
  const { rows } = await tx.query<Recipient & { wanted: boolean } & Record<string, unknown>>({
    name: 'take-recipients',
    text: `
      WITH next AS MATERIALIZED (
        SELECT bot_id, user_id FROM evenkeel.broadcast_recipient
        WHERE broadcast_id = $1 AND state = 'waiting' AND due_at <= now() ORDER BY due_at, user_id LIMIT $3
      ), known AS MATERIALIZED (
        SELECT n.user_id, p.language, p.app_language, p.blocked_at IS NULL AND NOT ($2 = ANY (coalesce(p.muted, '{}'))) AS wanted
        FROM next AS n LEFT JOIN LATERAL (
          SELECT * FROM evenkeel.person WHERE bot_id = n.bot_id AND user_id = n.user_id OFFSET 0
        ) AS p ON true
      ), left_out AS (
        UPDATE evenkeel.broadcast SET left_out = left_out + (SELECT count(*) FROM known WHERE NOT wanted)::int
        WHERE id = $1 AND EXISTS (SELECT FROM known WHERE NOT wanted)
      )
      UPDATE evenkeel.broadcast_recipient AS r SET state = CASE WHEN wanted THEN 'sending' ELSE 'left-out' END
      FROM known WHERE r.broadcast_id = $1 AND r.user_id = known.user_id
      RETURNING r.user_id AS user, known.language AS chosen, known.app_language AS app, NULL::bigint AS message, wanted`,
    values: [broadcast, category, most],
  });
  return rows.filter(({ wanted }) => wanted);
}

/** recipient_sent, and person_pkey for each. Those who have an earlier text; taken twice, it is changed to the same. */
export async function takeSent(tx: Tx, broadcast: number, revision: number, most: number): Promise<Recipient[]> {
  const { rows } = await tx.query<Recipient & Record<string, unknown>>({
    name: 'take-sent-recipients',
    text: `
      SELECT r.user_id AS user, p.language AS chosen, p.app_language AS app, r.message_id AS message
      FROM (
        SELECT bot_id, user_id, message_id FROM evenkeel.broadcast_recipient
        WHERE broadcast_id = $1 AND state = 'sent' AND revision < $2 AND due_at <= now() ORDER BY revision, due_at LIMIT $3
      ) AS r LEFT JOIN LATERAL (
        SELECT language, app_language FROM evenkeel.person WHERE bot_id = r.bot_id AND user_id = r.user_id OFFSET 0
      ) AS p ON true`,
    values: [broadcast, revision, most],
  });
  return rows;
}

/** What became of one; `again`: it surely did nothing, and is tried after so many ms. */
export interface Became {
  user: number;
  fate: Fate | 'again';
  after: number;
  message: number | null;
}

const column = <K extends keyof Became>(all: readonly Became[], key: K): Became[K][] => all.map((one) => one[key]);

/** broadcast_recipient_pkey, broadcast_pkey. Writes it down, and counts it in the same commit. */
export async function settle(tx: Tx, broadcast: number, revision: number, all: readonly Became[]): Promise<void> {
  await tx.query({
    name: 'settle-recipients',
    text: `
      WITH settled AS (
        UPDATE evenkeel.broadcast_recipient AS r SET
          state = CASE s.fate WHEN 'again' THEN 'waiting' ELSE s.fate END,
          due_at = CASE s.fate WHEN 'again' THEN now() + s.after * interval '1 ms' ELSE r.due_at END,
          message_id = s.message, revision = $2
        FROM unnest($3::bigint[], $4::text[], $5::float8[], $6::bigint[]) AS s (user_id, fate, after, message)
        WHERE r.broadcast_id = $1 AND r.user_id = s.user_id AND r.state = 'sending'
        RETURNING s.fate
      ), counted AS (
        SELECT count(*) FILTER (WHERE fate = 'sent') AS sent, count(*) FILTER (WHERE fate = 'unknown') AS unknown,
               count(*) FILTER (WHERE fate = 'blocked') AS blocked, count(*) FILTER (WHERE fate = 'gone') AS gone,
               count(*) FILTER (WHERE fate = 'failed') AS failed
        FROM settled
      )
      UPDATE evenkeel.broadcast AS b SET
        sent = b.sent + c.sent, unknown = b.unknown + c.unknown, blocked = b.blocked + c.blocked, gone = b.gone + c.gone,
        failed = b.failed + c.failed
      FROM counted AS c WHERE b.id = $1`,
    values: [
      broadcast,
      revision,
      column(all, 'user'),
      column(all, 'fate'),
      column(all, 'after'),
      column(all, 'message'),
    ],
  });
}

/** broadcast_recipient_pkey, broadcast_pkey. The same of changed texts: what could not be changed keeps its own. */
export async function settleEdits(tx: Tx, broadcast: number, revision: number, all: readonly Became[]): Promise<void> {
  await tx.query({
    name: 'settle-edits',
    text: `
      WITH settled AS (
        UPDATE evenkeel.broadcast_recipient AS r SET
          revision = CASE WHEN s.fate IN ('again', 'unknown') THEN r.revision ELSE $2 END,
          due_at = CASE WHEN s.fate IN ('again', 'unknown') THEN now() + s.after * interval '1 ms' ELSE r.due_at END
        FROM unnest($3::bigint[], $4::text[], $5::float8[]) AS s (user_id, fate, after)
        -- What was sent stays so: not asked for, or the planner would look through all that were.
        WHERE r.broadcast_id = $1 AND r.user_id = s.user_id AND r.revision < $2
        RETURNING s.fate
      ), counted AS (
        SELECT count(*) FILTER (WHERE fate = 'sent') AS edited, count(*) FILTER (WHERE fate IN ('blocked', 'gone', 'failed')) AS unedited
        FROM settled
      )
      UPDATE evenkeel.broadcast AS b SET edited = b.edited + c.edited, unedited = b.unedited + c.unedited
      FROM counted AS c WHERE b.id = $1`,
    values: [broadcast, revision, column(all, 'user'), column(all, 'fate'), column(all, 'after')],
  });
}

/**
 * recipient_sending, broadcast_pkey. Those whom an earlier run of the job has taken and said nothing more of: it was
 * killed, and nobody knows whether it wrote to them. They are not written to again. Returns how many.
 */
export async function giveUpLost(tx: Tx, broadcast: number): Promise<number> {
  const { rows } = await tx.query<{ lost: number }>({
    name: 'lost-recipients',
    text: `
      WITH lost AS (
        UPDATE evenkeel.broadcast_recipient SET state = 'unknown' WHERE broadcast_id = $1 AND state = 'sending' RETURNING user_id
      ), counted AS (
        UPDATE evenkeel.broadcast SET unknown = unknown + (SELECT count(*) FROM lost)::int
        WHERE id = $1 AND EXISTS (SELECT FROM lost)
      )
      SELECT count(*)::int AS lost FROM lost`,
    values: [broadcast],
  });
  return rows[0]!.lost;
}

/** recipient_waiting, or recipient_sent in its order. Until somebody's turn comes, ms; undefined where nobody is left. */
export async function nextIn(tx: Tx, broadcast: number, revision: number | undefined): Promise<number | undefined> {
  const [which, order] =
    revision === undefined
      ? [`state = 'waiting' AND $2::int IS NULL`, 'due_at, user_id']
      : [`state = 'sent' AND revision < $2::int`, 'revision, due_at'];
  const { rows } = await tx.query<{ after: number }>({
    name: revision === undefined ? 'next-recipient' : 'next-edit',
    text: `
      SELECT greatest(0, extract(epoch FROM due_at - now()) * 1000)::float8 AS after FROM evenkeel.broadcast_recipient
      WHERE broadcast_id = $1 AND ${which} ORDER BY ${order} LIMIT 1`,
    values: [broadcast, revision ?? null],
  });
  return rows[0]?.after;
}
