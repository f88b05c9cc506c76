/** Whom a broadcast is for: a segment, perhaps of one language, without those who do not want its category. */
import type { Tx } from '../../database/tx.ts';
import { FALLBACK, languages, type Language } from '../../texts/index.ts';

/** Days are of UTC, today included. */
export const SEGMENTS = ['everyone', 'active-1', 'active-7', 'active-30', 'paid', 'credits'] as const;
export type Segment = (typeof SEGMENTS)[number];

/** What broadcasts are about; people choose by it which of them they want. What is about the bot itself reaches all. */
export const CATEGORIES = ['news', 'offers', 'service'] as const;
export type Category = (typeof CATEGORIES)[number];
export const OPTIONAL = ['news', 'offers'] as const satisfies readonly Category[];
export type Optional = (typeof OPTIONAL)[number];
export const isOptional = (category: string): category is Optional => OPTIONAL.includes(category as Optional);

export interface Audience {
  segment: Segment;
  /** Null: whatever they speak. */
  language: Language | null;
  category: Category;
}

/** Of a person `p`. $1: the bot, $2: segment, $3: language, $4: category. payment_user and account_pkey, for each who is asked about. */
const WANTED = `
  p.blocked_at IS NULL AND NOT ($4 = ANY (p.muted))
  AND ($3::text IS NULL OR $3 = coalesce(p.language,
    (SELECT l FROM unnest(ARRAY[${languages.map((each) => `'${each}'`).join(', ')}]) AS l
     WHERE l = lower(split_part(replace(p.app_language, '_', '-'), '-', 1))), '${FALLBACK}'))
  AND CASE split_part($2::text, '-', 1)
    WHEN 'active' THEN p.seen_on > (now() AT TIME ZONE 'UTC')::date - split_part($2, '-', 2)::int
    WHEN 'paid' THEN EXISTS (
      SELECT FROM evenkeel.payment AS paid WHERE paid.bot_id = $1 AND paid.user_id = p.user_id AND paid.state = 'credited')
    WHEN 'credits' THEN EXISTS (
      SELECT FROM evenkeel.account AS a WHERE a.bot_id = $1 AND a.user_id = p.user_id AND a.available > 0)
    ELSE true
  END`;

const valuesOf = (botId: number, { segment, language, category }: Audience): unknown[] => [
  botId,
  segment,
  language,
  category,
];

/** person_pkey. Reads all people of the bot: asked by an owner, before anything goes out. */
export async function countAudience(db: Pick<Tx, 'query'>, botId: number, audience: Audience): Promise<number> {
  const { rows } = await db.query<{ count: number }>({
    name: 'count-audience',
    text: `SELECT count(*) AS count FROM evenkeel.person AS p WHERE p.bot_id = $1 AND ${WANTED}`,
    values: valuesOf(botId, audience),
  });
  return rows[0]!.count;
}

/** People that one statement looks at: some 50 ms. */
export const BITE = 2_000;

/**
 * person_pkey, broadcast_recipient_pkey, broadcast_pkey. Writes down who of the next people is to get it. True where there
 * are more people to look at.
 */
export async function prepare(tx: Tx, botId: number, broadcast: number, audience: Audience): Promise<boolean> {
  const { rows } = await tx.query<{ more: boolean }>({
    name: 'prepare-broadcast',
    text: `
      WITH bite AS MATERIALIZED (
        SELECT * FROM evenkeel.person
        WHERE bot_id = $1 AND user_id > (SELECT cursor FROM evenkeel.broadcast WHERE id = $5)
        ORDER BY user_id LIMIT ${BITE}
      ), looked AS (
        SELECT count(*) AS people, max(user_id) AS last FROM bite
      ), written AS (
        INSERT INTO evenkeel.broadcast_recipient (broadcast_id, user_id, bot_id)
        SELECT $5, p.user_id, $1 FROM bite AS p WHERE ${WANTED}
        ON CONFLICT DO NOTHING RETURNING user_id
      )
      UPDATE evenkeel.broadcast AS b SET
        cursor = coalesce(looked.last, b.cursor),
        recipients = b.recipients + (SELECT count(*) FROM written)::int,
        phase = CASE WHEN looked.people < ${BITE} THEN 'send' ELSE b.phase END
      FROM looked WHERE b.id = $5
      RETURNING looked.people = ${BITE} AS more`,
    values: [...valuesOf(botId, audience), broadcast],
  });
  return rows[0]?.more ?? false;
}

/** person_pkey. What somebody has switched off. */
export async function mutedBy(db: Pick<Tx, 'query'>, botId: number, userId: number): Promise<string[]> {
  const { rows } = await db.query<{ muted: string[] }>({
    name: 'muted-by',
    text: 'SELECT muted FROM evenkeel.person WHERE bot_id = $1 AND user_id = $2',
    values: [botId, userId],
  });
  return rows[0]?.muted ?? [];
}

/** person_pkey. Said again, it is the same. */
export async function mute(
  tx: Tx,
  { botId, userId, category, isMuted }: { botId: number; userId: number; category: Optional; isMuted: boolean },
): Promise<void> {
  await tx.query({
    name: 'mute-category',
    text: `
      INSERT INTO evenkeel.person AS p (bot_id, user_id, muted)
      VALUES ($1, $2, CASE WHEN $4::boolean THEN ARRAY[$3::text] ELSE '{}' END)
      ON CONFLICT (bot_id, user_id) DO UPDATE SET
        muted = array_remove(p.muted, $3) || CASE WHEN $4 THEN ARRAY[$3] ELSE '{}' END`,
    values: [botId, userId, category, isMuted],
  });
}
