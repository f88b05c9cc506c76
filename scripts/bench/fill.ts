/** Inboxes of a wanted shape, made by the server itself. */
import pg from 'pg';

export const BOT = 1000;
/** Under which the bench claims lanes. */
export const WORKER = '00000000-0000-4000-8000-000000000001';

export interface Shape {
  name: string;
  /** Updates that wait, and the lanes that they are spread over in turn. */
  pending: number;
  lanes: number;
  /** Updates that are done and too young to be deleted, after three rounds of deleting, vacuum and reuse. */
  reused: number;
}

/** The small one first. Its lanes are as long as those of the others, and a sweep sees as many of them at a time. */
export function shapes(scale: number): Shape[] {
  const size = (count: number) => Math.round(count * scale);
  const small = { pending: size(60_000), lanes: size(6_000), reused: 0 };
  const many = size(1_500_000);
  const [few, wide, reused] = [size(200), size(200_000), size(600_000) - small.pending];
  const text = (count: number) => count.toLocaleString('en');
  return [
    { name: `${text(small.pending)} pending in ${text(small.lanes)} lanes`, ...small },
    { name: `${text(many)} pending in ${text(few)} lanes`, pending: many, lanes: few, reused: 0 },
    { name: `${text(many)} pending in ${text(wide)} lanes`, pending: many, lanes: wide, reused: 0 },
    { name: `${text(reused + small.pending)} rows after three rounds of reuse`, ...small, reused },
  ];
}

/** A message's size; nobody parses it here. */
const BODY = `repeat('x', 250)`;
const FIRST_DONE = 100_000_000;

const rowsDone = (first: number, count: number, age: string) => `
  INSERT INTO evenkeel.inbox (bot_id, update_id, queue, lane, state, received_at, settled_at, body)
  SELECT ${BOT}, ${first} + n, 'chat', '${BOT}:' || n % 5000, 'done', received, received, ''
  FROM generate_series(1, ${count}) AS n, LATERAL (SELECT now() - ${age} + n * interval '10 ms' AS received) AS at`;

/** Fills a migrated database; `old` updates are ripe for retention. */
export async function fill(database: string, { pending, lanes, reused }: Shape, old: number): Promise<void> {
  const client = new pg.Client({ connectionString: database });
  await client.connect();
  try {
    await client.query('SET synchronous_commit = off');
    await client.query(rowsDone(FIRST_DONE, old, `interval '90 days'`));
    // Each round leaves a third of what is there, scattered, so that the pages of old rows are given to new ones.
    for (let round = 1, left = 0; reused > 0 && round <= 4; round++) {
      await client.query(rowsDone(round * 2 * FIRST_DONE, reused - left, `interval '3 hours'`));
      if (round === 4) break;
      await client.query(
        `DELETE FROM evenkeel.inbox WHERE update_id > ${2 * FIRST_DONE} AND state = 'done' AND update_id % 3 <> 0`,
      );
      await client.query('VACUUM evenkeel.inbox');
      const { rows } = await client.query<{ left: number }>(
        `SELECT count(*)::int AS left FROM evenkeel.inbox WHERE update_id > ${2 * FIRST_DONE}`,
      );
      left = rows[0]!.left;
    }
    await client.query(`
      INSERT INTO evenkeel.inbox (bot_id, update_id, queue, lane, body)
      SELECT ${BOT}, n, 'chat', '${BOT}:' || 1 + n % ${lanes}, ${BODY} FROM generate_series(1, ${pending}) AS n`);
    await client.query(`
      INSERT INTO evenkeel.lane (lane, bot_id, queue)
      SELECT '${BOT}:' || n, ${BOT}, 'chat' FROM generate_series(1, ${lanes}) AS n`);
    await client.query(`INSERT INTO evenkeel.worker (id, bot_id, lease) VALUES ($1, ${BOT}, '1 day')`, [WORKER]);
    // What autovacuum would do meanwhile, and the writing of what was filled, is not the statements' own time.
    await client.query('VACUUM (ANALYZE) evenkeel.inbox, evenkeel.lane');
    await client.query('CHECKPOINT');
  } finally {
    await client.end();
  }
}
