/** What is done to the processes, and what is looked at right after each blow. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Blow, Rig } from './index.ts';
import type { Slot } from './slot.ts';
import { until } from './until.ts';

/** Longest time until a killed task's replacement is ready, ms: under the load of a whole bot on two cores. */
const REPLACED_WITHIN = 120_000;
/** Rounds of a lease from a worker's death to its takeover. */
const ROUNDS = 8;
/** Longest wait for a worker to be sending, ms. */
const SENDING_WITHIN = 2_000;

/** Sends that left before the blow are seen a little later: until the worker goes on, all that is seen is older. */
function struck({ blows }: Rig, pid: number, at = Date.now(), until = Infinity): Blow {
  const blow = { pid, at, until };
  blows.push(blow);
  return blow;
}

/** Every update that Telegram was told is accepted is stored: asked at any moment, whatever has just died. */
export async function assertAcknowledgedAreStored({ world, ask }: Rig): Promise<void> {
  const missing = await ask(
    `SELECT id FROM unnest($1::bigint[]) AS id WHERE NOT EXISTS (SELECT FROM evenkeel.inbox WHERE update_id = id)`,
    [world.telegram.floodAcknowledged()],
  );
  assert.deepEqual(missing, [], 'acknowledged, but not stored');
}

async function replaced(slot: Slot, former: number): Promise<void> {
  await until(`${slot.name} replaced`, REPLACED_WITHIN, () =>
    slot.task.pid !== former && slot.ready ? undefined : slot.task.pid === former ? 'not yet' : 'not ready',
  );
}

export async function killWeb(rig: Rig): Promise<void> {
  const victim = rig.random.pick(rig.webs);
  const { pid } = victim.task;
  victim.task.signal('SIGKILL');
  await assertAcknowledgedAreStored(rig);
  await replaced(victim, pid);
}

/** Waits for a moment at which a worker is sending, the worst one for a blow; one that is struck already never is. */
async function sending({ sends }: Rig, victim: Slot): Promise<void> {
  const busy = () => sends.some(({ pid, answeredAt }) => pid === victim.task.pid && answeredAt === undefined);
  for (const given = performance.now() + SENDING_WITHIN; !busy() && performance.now() < given;) await sleep(2);
}

/** Returns how long it took until the chats of the dead were in other hands, ms. */
export async function killWorker(rig: Rig): Promise<number> {
  const victim = rig.random.pick(rig.workers);
  await sending(rig, victim);
  const { pid } = victim.task;
  struck(rig, pid);
  victim.task.signal('SIGKILL');
  const [passed] = await Promise.all([takenOver(rig), assertAcknowledgedAreStored(rig), replaced(victim, pid)]);
  return passed;
}

/** Stops a worker for longer than its leases last, and lets it go on as if nothing had been. */
export async function freezeWorker(rig: Rig): Promise<number> {
  const victim = rig.random.pick(rig.workers);
  await sending(rig, victim);
  const { task } = victim;
  const blow = struck(rig, task.pid);
  task.signal('SIGSTOP');
  const length = Math.round(rig.world.posture.lanes.heartbeat * rig.random.between(1.5, 1.7));
  const [passed] = await Promise.all([takenOver(rig), assertAcknowledgedAreStored(rig), sleep(length)]);
  blow.until = Date.now();
  task.signal('SIGCONT');
  return passed;
}

/** However long it takes: nobody is lost because the database was away, so nothing comes again for it. */
export async function crashDatabase(rig: Rig): Promise<number> {
  const at = Date.now();
  await rig.world.postgres.restart('immediate');
  const until = Date.now();
  await assertAcknowledgedAreStored(rig);
  return until - at;
}

/** Ends about half of the tasks' connections; returns how many. */
export async function cutConnections({ ask, random }: Rig): Promise<number> {
  const all = await ask<{ pid: number }>(`SELECT pid FROM pg_stat_activity WHERE usename IN ('web', 'worker')`);
  const victims = all.map(({ pid }) => pid).filter(() => random.next() < 0.5);
  await ask('SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) AS pid', [victims]);
  return victims.length;
}

/**
 * Waits until no lane is in the hands that held it when this is called, unless their lease has been renewed since: then
 * they are those of a living worker. As text, because a Date has no microseconds.
 */
async function takenOver({ world, ask, control }: Rig): Promise<number> {
  const held = await ask<{ lane: string; generation: string; owner: string; seen: string }>(
    `SELECT lane, generation::text, owner, seen_at::text AS seen FROM evenkeel.lane JOIN evenkeel.worker ON id = owner`,
  );
  // The promise is of a machine that lets a worker run: each round of its lease is as late as this process's own.
  const late = () => ROUNDS * control.slowest();
  const started = performance.now();
  return until('chats of a dead worker taken over', Infinity, async () => {
    const [row] = await ask<{ left: number; writing: number }>(
      `SELECT count(*)::int AS left,
         (SELECT extract(epoch FROM clock_timestamp() - CASE
            WHEN clock_timestamp() - seen_at < (SELECT min(lease) FROM evenkeel.worker) / 2 THEN since
            ELSE clock_timestamp()
          END)::float8 * 1000 FROM evenkeel.pulse) AS writing
       FROM unnest($1::text[], $2::bigint[], $3::uuid[], $4::text[]) AS held (lane, generation, owner, seen)
       JOIN evenkeel.lane ON lane.lane = held.lane AND lane.generation = held.generation AND lane.owner = held.owner
       LEFT JOIN evenkeel.worker ON worker.id = held.owner
       WHERE worker.seen_at IS NULL OR worker.seen_at <= held.seen::timestamptz`,
      [
        held.map(({ lane }) => lane),
        held.map(({ generation }) => generation),
        held.map(({ owner }) => owner),
        held.map(({ seen }) => seen),
      ],
    );
    if (row === undefined || row.left === 0) return undefined;
    const allowed = world.posture.lanes.recoverWithin + late();
    // It counts from when workers could write: before, nobody is taken for dead.
    if (Math.min(performance.now() - started, row.writing) > allowed)
      throw new Error(`after ${Math.round(allowed)} ms, ${row.left} of ${held.length} chats are still in dead hands`);
    return 'some are still in dead hands';
  });
}
