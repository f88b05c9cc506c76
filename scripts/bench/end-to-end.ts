/** Part 2: from the update to the sent reply, through everything, beside the same bot inline and on other queues. */
import type { WorldProcess } from '../../local/world/remote.ts';
import { against, inTurn, median, ratio, type Row } from './report.ts';
import type { Stage } from './stage.ts';
import { ARMS, flood, withSubject, type Arm, type Flooded, type Spent, type Subject } from './subjects.ts';

const CHATS = 1000;
const WARM_UP = 2000;
const MiB = 2 ** 20;
/** Updates a second of the paced floods, with the goals: p99 in ms, CPU as a multiple of inline's. */
const PACES = [
  { rate: 100, p99: 8, cpu: undefined },
  { rate: 500, p99: 15, cpu: 9 },
] as const;
const FLOOD_CPU = 2.8;
const MEMORY: Record<string, number> = { web: 200, worker: 300 };
/** The arms that are paced as well; what the others do is a question of throughput. */
const PACED: readonly Arm[] = ['inline', 'evenkeel'];

interface Options {
  updates: number;
  rounds: number;
  seconds: number;
}

/** What a round has found of one arm. */
interface Round {
  flooded: Flooded;
  paced: Flooded[];
  /** By role: MiB, and ms from start to ready. */
  memory: Record<string, number>;
  ready: Record<string, number>;
}

export async function benchEndToEnd(stage: Stage, options: Options, say: (text: string) => void): Promise<Row[]> {
  const found = new Map<Arm, Round[]>(ARMS.map((arm) => [arm, []]));
  for (let round = 0; round < options.rounds; round++) {
    for (const arm of inTurn(ARMS, round)) {
      const result = await withSubject(stage, arm, (world, subject) => measure(world, subject, arm, options));
      if (!result) {
        if (round === 0) say(`no redis-server on this machine: ${arm} is left out`);
        continue;
      }
      found.get(arm)!.push(result);
      say(`end to end ${round + 1}/${options.rounds} ${arm}: ${Math.round(result.flooded.answered)}/s`);
    }
  }
  return [...throughput(found), ...cpu(found), ...latency(found), ...resources(found)];
}

async function measure(world: WorldProcess, subject: Subject, arm: Arm, options: Options): Promise<Round> {
  await flood(world, subject, { updates: Math.min(WARM_UP, options.updates), chats: CHATS });
  const flooded = await flood(world, subject, { updates: options.updates, chats: CHATS });
  const memory: Record<string, number> = {};
  const ready: Record<string, number> = {};
  for (const [role, process] of Object.entries(subject.processes)) {
    const resident = await process.memory();
    if (resident !== undefined) memory[role] = resident / MiB;
    ready[role] = process.readyAfter;
  }
  const paced: Flooded[] = [];
  for (const { rate } of PACED.includes(arm) ? PACES : [])
    paced.push(await flood(world, subject, { updates: rate * options.seconds, chats: CHATS, rate }));
  return { flooded, paced, memory, ready };
}

type Found = ReadonlyMap<Arm, readonly Round[]>;

function throughput(found: Found): Row[] {
  const rate = (arm: Arm) => median(found.get(arm)!.map(({ flooded }) => flooded.answered));
  const beside = (arm: Arm): Row => ({
    name: `end to end: evenkeel / ${arm}`,
    value: ratio(rate('evenkeel'), rate(arm)),
    unit: 'ratio',
    ...(rate(arm) === undefined && { note: 'left out: no redis-server' }),
  });
  const disorder = found
    .get('evenkeel')!
    .flatMap(({ flooded, paced }) => [flooded, ...paced])
    .reduce(
      (sum, { outOfOrder, repeatedReplies, expected, replied }) =>
        sum + outOfOrder + repeatedReplies + expected - replied,
      0,
    );
  return [
    against(beside('inline'), '≥', 0.6),
    against(beside('BullMQ'), '>', 1),
    against(beside('graphile-worker'), '>', 1),
    ...ARMS.map((arm): Row => ({ name: `end to end: ${arm}`, value: rate(arm), unit: '/s' })),
    against({ name: 'end to end: lost, repeated or out of order', value: disorder, unit: 'count' }, '≤', 0),
  ];
}

/** In all, beside inline's, and by role. */
function cpu(found: Found): Row[] {
  return [
    ...cpuUnder('flood', ARMS, (arm) => spentBy(found, arm, ({ flooded }) => flooded), FLOOD_CPU),
    ...PACES.flatMap(({ rate, cpu }, index) =>
      cpuUnder(`${rate}/s`, PACED, (arm) => spentBy(found, arm, ({ paced }) => paced[index]!), cpu),
    ),
  ];
}

const spentBy = (found: Found, arm: Arm, of: (round: Round) => Flooded): Spent[] =>
  found.get(arm)!.flatMap((round): Spent[] => {
    const spent = of(round).cpu;
    return spent === undefined ? [] : [spent];
  });

function cpuUnder(load: string, arms: readonly Arm[], spent: (arm: Arm) => Spent[], bound: number | undefined): Row[] {
  const total = (arm: Arm) =>
    median(spent(arm).map((roles) => Object.values(roles).reduce((sum, time) => sum + time, 0)));
  const byRole = (arm: Arm) => {
    const rounds = spent(arm);
    return Object.keys(rounds[0] ?? {}).map(
      (role) => `${role} ${median(rounds.map((each) => each[role]!))!.toFixed(0)}`,
    );
  };
  const name = `CPU per update, ${load}`;
  const share: Row = {
    name: `${name}: evenkeel / inline`,
    value: ratio(total('evenkeel'), total('inline')),
    unit: 'ratio',
  };
  return [
    bound === undefined ? share : against(share, '≤', bound),
    ...arms.map((arm): Row => {
      const roles = byRole(arm);
      const note = roles.length > 1 ? { note: roles.join(' + ') } : {};
      return { name: `${name}: ${arm}`, value: total(arm), unit: 'µs', ...note };
    }),
  ];
}

function latency(found: Found): Row[] {
  return PACED.flatMap((arm) =>
    PACES.flatMap(({ rate, p99 }, index) => {
      const of = (which: 'p50' | 'p99'): Row => ({
        name: `latency at ${rate}/s: ${arm}, ${which}`,
        value: median(found.get(arm)!.map(({ paced }) => paced[index]!.latency[which])),
        unit: 'ms',
      });
      return [of('p50'), arm === 'evenkeel' ? against(of('p99'), '≤', p99) : of('p99')];
    }),
  );
}

function resources(found: Found): Row[] {
  const rounds = found.get('evenkeel')!;
  const roles = Object.keys(MEMORY);
  return [
    ...roles.map((role) => {
      const seen = rounds.flatMap(({ memory }) => memory[role] ?? []);
      const most = seen.length === 0 ? undefined : Math.max(...seen);
      return against({ name: `memory under that load: ${role}`, value: most, unit: 'MiB' }, '≤', MEMORY[role]!);
    }),
    ...roles.map((role): Row => ({
      name: `start to ready: ${role}`,
      value: median(rounds.map(({ ready }) => ready[role]!)),
      unit: 'ms',
    })),
  ];
}
