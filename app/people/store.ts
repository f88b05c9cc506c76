/** People in SQL. Each statement names the index that it relies on. */
import type { Pool } from '../database/pool.ts';
import type { Tx } from '../database/tx.ts';
import { isLanguage, languageFor, type Language } from '../texts/index.ts';

/** Somebody who was seen; what their app speaks, an IETF tag; and what Telegram calls them, without the @. */
export type Seen = readonly [userId: number, tag: string | null, username: string | null];

/**
 * person_pkey. Writes those who are new, those of whom something is not as before, and those who were not here yet today,
 * in UTC by the clock of the database; no other row is touched.
 */
export async function noteSeen(pool: Pool, botId: number, seen: readonly Seen[]): Promise<void> {
  await pool.query({
    name: 'note-seen',
    text: `
      INSERT INTO evenkeel.person AS p (bot_id, user_id, app_language, username, seen_on)
      SELECT $1, seen.user_id, tag, name, (now() AT TIME ZONE 'UTC')::date
      FROM unnest($2::bigint[], $3::text[], $4::text[]) AS seen (user_id, tag, name)
      -- Lateral: each by the key, whatever the planner thinks of the table.
      LEFT JOIN LATERAL (
        SELECT true AS here, app_language, username, seen_on FROM evenkeel.person
        WHERE bot_id = $1 AND user_id = seen.user_id OFFSET 0
      ) AS known ON true
      WHERE known.here IS NULL OR known.app_language IS DISTINCT FROM tag OR known.username IS DISTINCT FROM name
        OR known.seen_on IS DISTINCT FROM (now() AT TIME ZONE 'UTC')::date
      ORDER BY seen.user_id
      ON CONFLICT (bot_id, user_id) DO UPDATE SET
        app_language = excluded.app_language, username = excluded.username, seen_on = excluded.seen_on`,
    values: [botId, seen.map(([userId]) => userId), seen.map(([, tag]) => tag), seen.map(([, , name]) => name)],
  });
}

export interface Choice {
  user: number;
  /** Null: as their app. */
  language: string | null;
  /** When it was made, as PostgreSQL writes it. */
  at: string;
}

/** Choices that are read at once. */
export const PAGE = 50_000;

/**
 * person_language. Those since `overlap` seconds before `from`, the oldest first: a choice may be committed after a later
 * one.
 */
export async function readChoices(pool: Pool, botId: number, from: string, overlap: number): Promise<Choice[]> {
  const { rows } = await pool.query<Choice>({
    name: 'language-choices',
    text: `
      SELECT user_id AS user, language, language_at::text AS at FROM evenkeel.person
      WHERE bot_id = $1 AND language_at >= $2::timestamptz - $3::int * interval '1 s' ORDER BY language_at LIMIT ${PAGE}`,
    values: [botId, from, overlap],
  });
  return rows;
}

/** person_pkey. Null: as their app. Whoever commits it says so by `People.chose`. */
export async function chooseLanguage(tx: Tx, botId: number, userId: number, language: Language | null): Promise<void> {
  await tx.query({
    name: 'choose-language',
    text: `
      INSERT INTO evenkeel.person (bot_id, user_id, language, language_at) VALUES ($1, $2, $3, clock_timestamp())
      ON CONFLICT (bot_id, user_id) DO UPDATE SET language = excluded.language, language_at = excluded.language_at`,
    values: [botId, userId, language],
  });
}

/**
 * person_pkey. What somebody is spoken to in who is not there just now: in a job, by the outbox.
 * @param otherwise where nothing is known of them
 */
export async function languageOf(
  db: Pick<Tx, 'query'>,
  botId: number,
  userId: number,
  otherwise: Language = languageFor(undefined),
): Promise<Language> {
  const { rows } = await db.query<{ language: string | null; tag: string | null }>({
    name: 'language-of',
    text: 'SELECT language, app_language AS tag FROM evenkeel.person WHERE bot_id = $1 AND user_id = $2',
    values: [botId, userId],
  });
  const person = rows[0];
  if (isLanguage(person?.language)) return person.language;
  return person?.tag == null ? otherwise : languageFor(person.tag);
}
