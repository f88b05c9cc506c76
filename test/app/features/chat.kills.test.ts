/**
 * A worker that is killed at any statement between the question and "done", of a free answer and of one that costs credits:
 * the answer is there, it is charged once, and nothing is held any more (fault charge-without-record).
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { withTx } from '../../../app/database/tx.ts';
import { balanceOf, checkLedger, credit, isSound } from '../../../app/ledger/index.ts';
import { off } from '../../harness/feature.ts';
import { settled, workerPool } from '../../harness/lanes.ts';
import { seeded } from '../../harness/random.ts';
import { seeds } from '../../harness/seeds.ts';
import { anyStop, statementsTo, type Statements } from '../../harness/statements.ts';
import type { TaskProcess } from '../../harness/task.ts';
import { waitFor } from '../../harness/wait.ts';
import { raised, startWorld } from '../../harness/world.ts';

/** What only a hang reaches, ms. */
const WITHIN = 120_000;
const { count, first } = seeds(2);
/** Each seed is a worker that is killed and another that starts. ms */
const timeout = 480_000 + count * 2 * WITHIN;

const world = await startWorld(
  { after },
  {
    posture: raised({
      features: off('remind', 'studio', 'broadcast'),
      chat: { free: 1 },
    }),
  },
);
const { database, telegram, botId } = world;
const pool = workerPool({ after }, database, world.posture);
const web = await world.startTask({ after }, 'web');
await web.ready(WITHIN);
await world.setWebhook(web);

/** Statements of the way, and not those that every worker makes all the time. */
function ofTheWay(): (text: string) => boolean {
  let begun = false;
  return (text) => {
    begun ||= /evenkeel\.message/.test(text);
    return (
      begun && (/^(BEGIN|COMMIT)$/.test(text) || /evenkeel\.(message|answer|reserve|account|ledger_tx)\b/.test(text))
    );
  };
}

interface Victim {
  task: TaskProcess;
  wire: Statements;
}

async function startVictim(): Promise<Victim> {
  const wire = await statementsTo({ after }, database.url('worker'), ofTheWay());
  const task = await world.startTask({ after }, 'worker', { env: { DATABASE_URL: wire.url } });
  await task.ready(WITHIN);
  return { task, wire };
}

const answers = (user: number) => telegram.messages(user).filter(({ from }) => from === 'bot');
const isOver = async (): Promise<boolean> =>
  (await database.sql(`SELECT FROM evenkeel.inbox WHERE state = 'pending'`)).length === 0;
const balance = (userId: number) => balanceOf(pool, { botId, userId });

/** A person with credits, who has had today's free answer unless `free`. */
async function person(user: number, free: boolean): Promise<void> {
  telegram.open(user, 'Ada');
  await withTx(pool, (tx) =>
    credit(tx, { botId, userId: user, cause: `stars:${user}` }, { amount: 100n, from: 'stars' }),
  );
  if (!free)
    await database.sql(
      `INSERT INTO evenkeel.answer (bot_id, update_id, user_id, free, price) VALUES ($1, -$2::bigint, $2, true, 0)`,
      [botId, user],
    );
}

async function end({ task }: Victim): Promise<void> {
  task.signal('SIGKILL');
  await task.exited;
}

async function statementsOfTheWay(free: boolean): Promise<number> {
  const victim = await startVictim();
  const user = free ? 901 : 902;
  await person(user, free);
  victim.wire.arm({ at: Infinity, boundary: 'before' });
  telegram.say(user, 'hm?');
  await waitFor(() => answers(user).length === 1, { what: 'the answer', within: WITHIN });
  await settled(database, WITHIN);
  const { length } = victim.wire.seen;
  await end(victim);
  return length;
}

for (const free of [false, true])
  test(
    `killed at any statement of an answer that is ${free ? 'free' : 'paid'}: it is there, and charged once (${count} of ${first}…)`,
    { timeout },
    async (t) => {
      const statements = await statementsOfTheWay(free);
      assert.ok(statements >= (free ? 4 : 16), `${statements} statements`);
      let victim = await startVictim();
      for (let seed = first; seed < first + count; seed += 1) {
        const user = (free ? 10_000 : 20_000) + (seed - first);
        const stop = anyStop(seeded(seed), statements);
        await person(user, free);
        victim.wire.arm(stop);
        telegram.say(user, 'hm?');
        await waitFor(async () => victim.wire.isStopped || (answers(user).length > 0 && (await isOver())), {
          what: 'the statement at which it stops',
          within: WITHIN,
        });
        const text = victim.wire.isStopped ? await victim.wire.stopped : 'after all of them';
        await end(victim);
        const before = answers(user).length;
        const at = `seed ${seed}: ${stop.boundary} statement ${stop.at} of ${statements}: ${text.replaceAll(/\s+/g, ' ').slice(0, 120)}`;

        victim = await startVictim();
        await settled(database, 2 * WITHIN);
        const said = answers(user);
        // The send before the last commit may be there twice; none that was recorded is.
        assert.ok(said.length >= 1 && said.length <= 1 + before, `${at}: answered ${said.length} times`);
        const [bill, ...more] = (
          await database.sql<{ free: boolean; price: string; held: string | null }>(
            'SELECT free, price::text, held::text FROM evenkeel.answer WHERE user_id = $1 AND update_id > 0',
            [user],
          )
        ).map((row) => ({ ...row, price: BigInt(row.price) }));
        assert.ok(bill && more.length === 0, at);
        assert.equal(bill.free, free, at);
        assert.equal(bill.price > 0n, !free, at);
        assert.deepEqual(await balance(user), { available: 100n - bill.price, held: 0n, debt: 0n }, at);
        assert.ok(isSound(await withTx(pool, (tx) => checkLedger(tx))), at);
        const kinds = await database.sql<{ kind: string }>(
          `SELECT kind FROM evenkeel.ledger_tx WHERE user_id = $1 AND cause LIKE 'chat:%' ORDER BY id`,
          [user],
        );
        assert.deepEqual(
          kinds.map(({ kind }) => kind),
          free ? [] : ['reserve', 'settle'],
          at,
        );
        t.diagnostic(`${at} → answered ${said.length} times, ${bill.price} credits`);
      }
      await end(victim);
    },
  );
