/** Part: movements of credits a second, each in a commit of its own, beside the least that two entries could cost. */
import type { Pool } from '../../app/database/pool.ts';
import { withTx } from '../../app/database/tx.ts';
import { credit, release, reserve, settle } from '../../app/ledger/index.ts';
import { openPool } from './pool.ts';
import { against, inTurn, median, ratio, type Row } from './report.ts';
import { query, type Stage } from './stage.ts';

const BOT = 1;
const USERS = 2_000;
/** Transactions under way at once: the pool of one worker. */
const WRITERS = 8;
const PLAIN = 'plain two-row INSERT';
const OURS = 'movements';
const CYCLE = 'reserve and settle or release';

export async function benchLedger(
  stage: Stage,
  { transfers, rounds }: { transfers: number; rounds: number },
  say: (text: string) => void,
): Promise<Row[]> {
  const url = await stage.database(true);
  await query(
    url,
    'CREATE TABLE public.plain (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, account bigint NOT NULL, amount bigint NOT NULL)',
  );
  const pool = openPool(url, stage.posture, { max: WRITERS });
  const found = new Map<string, number[]>([PLAIN, OURS, CYCLE].map((name) => [name, []]));
  try {
    for (let user = 1; user <= USERS; user += 1)
      await withTx(pool, (tx) =>
        credit(tx, { botId: BOT, userId: user, cause: `first:${user}` }, { amount: 1_000_000n, from: 'promo' }),
      );
    for (let round = 0; round < rounds; round += 1) {
      for (const name of inTurn([...found.keys()], round)) {
        const rate = await rateOf(transfers, (index) => ARMS[name]!(pool, `${round}:${index}`, index));
        found.get(name)!.push(rate);
        say(`ledger ${round + 1}/${rounds} ${name}: ${Math.round(rate)}/s`);
      }
    }
  } finally {
    await pool.end();
  }
  const rate = (name: string) => median(found.get(name)!);
  return [
    against({ name: 'ledger: movements', value: rate(OURS), unit: '/s' }, '≥', 1_500),
    { name: `ledger: ${CYCLE}, movements`, value: rate(CYCLE), unit: '/s' },
    { name: `ledger: ${PLAIN}`, value: rate(PLAIN), unit: '/s' },
    { name: `ledger: movements / ${PLAIN}`, value: ratio(rate(OURS), rate(PLAIN)), unit: 'ratio' },
  ];
}

/** What one transfer is; each of the third is two movements, and counts as half. */
const ARMS: Record<string, (pool: Pool, key: string, index: number) => Promise<unknown>> = {
  [PLAIN]: (pool, _key, index) =>
    withTx(pool, (tx) =>
      tx.query({
        name: 'plain',
        text: 'INSERT INTO public.plain (account, amount) VALUES ($1, 1), (0, -1)',
        values: [index % USERS],
      }),
    ),
  [OURS]: (pool, key, index) =>
    withTx(pool, (tx) =>
      credit(tx, { botId: BOT, userId: 1 + (index % USERS), cause: key }, { amount: 1n, from: 'promo' }),
    ),
  [CYCLE]: (pool, key, index) => {
    const of = `work:${key.replace(/\d+$/, String(index >> 1))}`;
    if (index % 2 === 0)
      return withTx(pool, (tx) =>
        reserve(tx, { botId: BOT, userId: 1 + ((index >> 1) % USERS), cause: of }, { amount: 2n, ttl: 600_000 }),
      ).then(() =>
        index % 4 === 0
          ? withTx(pool, (tx) => settle(tx, { botId: BOT, of }, { amount: 1n, to: 'revenue:bench' }))
          : withTx(pool, (tx) => release(tx, { botId: BOT, of })),
      );
    return Promise.resolve();
  },
};

async function rateOf(count: number, work: (index: number) => Promise<unknown>): Promise<number> {
  let next = 0;
  const began = performance.now();
  await Promise.all(
    Array.from({ length: WRITERS }, async () => {
      while (next < count) await work(next++);
    }),
  );
  return (count / (performance.now() - began)) * 1000;
}
