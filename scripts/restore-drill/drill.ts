/** One drill: the latest snapshot becomes a server, the release that runs migrates it and looks through it, and it goes. */
import type { Outcome } from '../../app/ops/outcome.ts';
import { DATABASE, HOURS, STORAGE } from '../cost/prices.ts';
import type { Copy, Drills } from './server.ts';

export interface DrillArgs {
  drills: Drills;
  /** Runs the migration of the release that is deployed against a host. Throws what it said. */
  migrate: (copy: Copy) => Promise<void>;
  /** Asks a verb of the operator's against a host. */
  ask: (copy: Copy, words: string[]) => Promise<Outcome>;
  /** A line of progress. */
  say: (line: string) => void;
  /** Ends the drill early; the copy is deleted all the same. */
  signal: AbortSignal;
  now?: () => number;
}

export interface Step {
  step: string;
  ok: boolean;
  seconds: number;
  found: string;
}

export interface DrillReport {
  ok: boolean;
  snapshot: string;
  /** Age of what would have been lost without point-in-time recovery, minutes. */
  ageMinutes: number;
  steps: Step[];
  /** USD. */
  cost: number;
}

/** What is counted in the copy: an empty table that is not empty in the live one is a backup of the wrong thing. */
const COUNTS = `SELECT (SELECT count(*) FROM evenkeel.inbox) AS updates, (SELECT max(received_at) FROM evenkeel.inbox) AS newest,
  (SELECT count(*) FROM evenkeel.message) AS messages, (SELECT count(*) FROM evenkeel.ledger_entry) AS entries`;

/** A copy for as long as it was there, USD: RDS counts seconds, ten minutes at least. */
export function costOf({ instanceClass, storage }: Copy, milliseconds: number): number {
  const hours = Math.max(1 / 6, milliseconds / 3_600_000);
  return hours * ((DATABASE[instanceClass] ?? 0) + (storage * STORAGE.disk) / HOURS);
}

const rowsOf = ({ tables, said }: Outcome): string =>
  tables
    .flatMap(({ rows }) =>
      rows.map((row) =>
        Object.entries(row)
          .map(([key, value]) => `${key} ${value}`)
          .join(', '),
      ),
    )
    .concat(said)
    .join('; ');

/** @throws what kept the copy from being deleted: it costs until somebody does it */
export async function drill(args: DrillArgs): Promise<DrillReport> {
  const { drills, say, signal, now = Date.now } = args;
  for (const name of await drills.leftovers()) {
    say(`${name} is left of a drill that was killed: it is deleted first.`);
    await drills.remove(name);
  }
  const { name: snapshot, taken } = await drills.latest();
  const ageMinutes = Math.round((now() - taken.getTime()) / 60_000);
  say(`Snapshot ${snapshot}, ${ageMinutes} minutes old.`);
  const steps: Step[] = [];
  const step = async (title: string, work: () => Promise<{ ok?: boolean | undefined; found: string }>) => {
    signal.throwIfAborted();
    const began = now();
    const seconds = () => Math.round((now() - began) / 1000);
    try {
      const { ok = true, found } = await work();
      steps.push({ step: title, ok, seconds: seconds(), found });
    } catch (error) {
      steps.push({ step: title, ok: false, seconds: seconds(), found: (error as Error).message });
    }
    const done = steps.at(-1)!;
    say(`${done.ok ? '✔' : '✖'} ${done.step}, ${done.seconds} s: ${done.found}`);
    return done.ok;
  };
  const began = now();
  let server: string | undefined;
  let copy: Copy | undefined;
  try {
    server = await drills.restore(snapshot);
    const name = server;
    say(`${name} is being made of it: 10 to 30 minutes.`);
    const made = await step('restored', async () => {
      copy = await drills.ready(name, signal);
      return { found: `${copy.instanceClass}, ${copy.storage} GB` };
    });
    const verb = (title: string, ...words: string[]) =>
      step(title, async () => {
        const outcome = await args.ask(copy!, words);
        return { ok: outcome.ok, found: rowsOf(outcome) };
      });
    if (
      made &&
      (await step('migrated', async () => {
        await args.migrate(copy!);
        return { found: 'by the release that is deployed' };
      }))
    ) {
      await step('starts held', async () => {
        const { tables } = await args.ask(copy!, ['held']);
        const why = tables.find(({ title }) => title === 'why nothing goes out')?.rows ?? [];
        return why.length > 0
          ? { found: why.map(({ reason }) => String(reason)).join('; ') }
          : { ok: false, found: 'a bot on it would send and refund at once what the time since has sent and refunded' };
      });
      await verb('ledger agrees with itself', 'ledger', 'check');
      await verb('counted', 'sql', COUNTS);
    }
  } finally {
    if (server !== undefined) {
      say(`${server} is deleted.`);
      await drills.remove(server);
    }
  }
  const cost = copy ? costOf(copy, now() - began) : 0;
  return { ok: steps.every(({ ok }) => ok), snapshot, ageMinutes, steps, cost };
}
