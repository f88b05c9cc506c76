/** Any verbs in any order, some of them twice, against a model of a few lines. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { withTx, type Tx } from '../../../app/database/tx.ts';
import {
  adjust,
  balanceOf,
  checkLedger,
  clawback,
  credit,
  InsufficientCredits,
  isSound,
  release,
  reserve,
  ReserveEnded,
  settle,
} from '../../../app/ledger/index.ts';
import { workerPool } from '../../harness/lanes.ts';
import { startWorld } from '../../harness/world.ts';

const world = await startWorld({ after });
const botId = 1;

type Verb = 'credit' | 'adjust' | 'clawback' | 'reserve' | 'settle' | 'release';

interface Step {
  verb: Verb;
  amount: number;
  /** Which of the reserves so far. */
  which: number;
  twice: boolean;
}

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    verb: fc.constantFrom<Verb>('credit', 'adjust', 'clawback', 'reserve', 'settle', 'release'),
    amount: fc.integer({ min: 1, max: 30 }),
    which: fc.nat({ max: 3 }),
    twice: fc.boolean(),
  }),
  { minLength: 5, maxLength: 30 },
);

/** A user's wealth is one number here, `available + debt`; what is held stands in the reserves. */
class Model {
  wealth = 0;
  reserves: { amount: number; open: boolean }[] = [];

  /** False where the verb is to be refused. */
  apply({ verb, amount, which }: Step): boolean {
    const held = this.reserves[which];
    switch (verb) {
      case 'credit':
        this.wealth += amount;
        return true;
      case 'clawback':
        this.wealth -= amount;
        return true;
      case 'adjust':
      case 'reserve':
        if (this.wealth < amount) return false;
        this.wealth -= amount;
        if (verb === 'reserve') this.reserves.push({ amount, open: true });
        return true;
      case 'settle':
      case 'release':
        if (!held?.open) return false;
        held.open = false;
        this.wealth += held.amount - (verb === 'settle' ? Math.min(amount, held.amount) : 0);
        return true;
    }
  }

  get balance() {
    return {
      available: BigInt(Math.max(0, this.wealth)),
      held: BigInt(this.reserves.reduce((sum, { amount, open }) => sum + (open ? amount : 0), 0)),
      debt: BigInt(Math.min(0, this.wealth)),
    };
  }
}

test('random verbs leave what a model of a few lines says, and a ledger that agrees with itself', async (t) => {
  const pool = workerPool(t, world.database, world.posture);
  let userId = 0;

  async function run(all: Step[]): Promise<void> {
    const user = { botId, userId: (userId += 1) };
    const model = new Model();
    let made = 0;
    for (const [index, step] of all.entries()) {
      const cause = `${step.verb}:${user.userId}:${index}`;
      const of = `reserve:${user.userId}:${step.which}`;
      const amount = BigInt(step.amount);
      const held = model.reserves[step.which];
      const verbs: Record<Verb, (tx: Tx) => Promise<{ applied: boolean }>> = {
        credit: (tx) => credit(tx, { ...user, cause }, { amount, from: 'stars' }),
        adjust: (tx) => adjust(tx, { ...user, cause, by: 'owner:1', reason: 'x' }, { amount: -amount }),
        clawback: (tx) => clawback(tx, { ...user, cause }, { amount, to: 'stars' }),
        reserve: (tx) => reserve(tx, { ...user, cause: `reserve:${user.userId}:${made}` }, { amount, ttl: 60_000 }),
        settle: (tx) => {
          const part = held && held.amount < step.amount ? BigInt(held.amount) : amount;
          return settle(tx, { botId, of }, { amount: part, to: 'revenue:studio' });
        },
        release: (tx) => release(tx, { botId, of }),
      };
      const expected = model.apply(step);
      const once = () => withTx(pool, verbs[step.verb]);
      if (expected) {
        assert.equal((await once()).applied, true);
        if (step.twice) assert.equal((await once()).applied, false);
        if (step.verb === 'reserve') made += 1;
      } else {
        // The same end of a reserve once more is no failure, and moves nothing.
        const refused = await once().catch((error: unknown) => error);
        const known = refused instanceof InsufficientCredits || refused instanceof ReserveEnded;
        assert.ok(known || (refused as { applied: boolean }).applied === false, String(refused));
      }
      assert.deepEqual(await balanceOf(pool, user), model.balance, `after step ${index}`);
    }
  }

  await fc.assert(fc.asyncProperty(steps, run), { numRuns: 40 });
  assert.ok(isSound(await checkLedger(pool)));
});
