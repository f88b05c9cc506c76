/** Everything a test by force needs, running: the world, a front door, two web and two worker tasks. */
import type { QueryResultRow } from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { cleanup, type Owner } from '../../harness/cleanup.ts';
import { probing, type Control } from '../../harness/control.ts';
import { startWorld, WEBHOOK_SECRET, type World } from '../../harness/world.ts';
import { openDoor } from './door.ts';
import { seeded, type Random } from '../../harness/random.ts';
import { fillSlot, type Slot } from './slot.ts';
import { until } from './until.ts';
import { openWire, type Send } from './wire.ts';

/**
 * What may make a worker's sends come again: it was killed or frozen. Times as Date.now() has them.
 */
export interface Blow {
  pid: number;
  at: number;
  /** Until when sends of this worker may be seen that it could not settle; Infinity where it is dead. */
  until: number;
}

export interface Rig {
  world: World;
  random: Random;
  webs: Slot[];
  workers: Slot[];
  sends: Send[];
  blows: Blow[];
  /** How slow the machine is: the slowest of many small questions to the database. */
  control: Control;
  /** Asks the database as superuser, again and again while it is on its knees. */
  ask: <Row extends QueryResultRow>(text: string, values?: unknown[]) => Promise<Row[]>;
}

/** A send takes so long at Telegram, and an answer at the provider, ms: long enough that a kill finds some under way. */
const LATENCY = 80;
const START_WITHIN = 120_000;
/** Longest wait of a repeat delivery, ms: many arrive when their update is long done. */
const REPEAT_WITHIN = 3_000;
const ASK_WITHIN = 120_000;
/** A tap is not forgotten because this machine was slow: what is never accepted shows as what stands still. ms. */
const QUERY_LIFETIME = 24 * 3_600_000;

/** Which updates are taps: a body is emptied when its update is done. */
const TAPS = `
  CREATE TABLE tap (update_id bigint PRIMARY KEY);
  CREATE FUNCTION note_taps() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
  BEGIN
    INSERT INTO public.tap SELECT update_id FROM arrived WHERE body LIKE '%"callback_query"%';
    RETURN NULL;
  END $$;
  CREATE TRIGGER note_taps AFTER INSERT ON evenkeel.inbox
    REFERENCING NEW TABLE AS arrived FOR EACH STATEMENT EXECUTE FUNCTION note_taps()`;

/** Starts it all; it ends with `owner`, the processes first. */
export async function startRig(owner: Owner): Promise<Rig> {
  const inOrder: Owner = { after: cleanup(owner) };
  const world = await startWorld(inOrder, {
    // Nobody asks so often in a day without paying; what is sold has tests of its own by force.
    posture: { features: { chat: true }, chat: { free: 1_000_000 }, history: { messages: 4 } },
    telegram: {
      keepMessages: 1000,
      repeatWithin: REPEAT_WITHIN,
      queryLifetime: QUERY_LIFETIME,
      faults: { latency: LATENCY },
    },
    durable: true,
  });
  world.openrouter.faults = { latency: LATENCY };
  await world.database.sql(TAPS);

  const control = await probing(inOrder, () => world.database.sql('SELECT 1'));
  const rig: Rig = {
    world,
    random: seeded(),
    webs: [],
    workers: [],
    sends: [],
    blows: [],
    control,
    ask: asking(world),
  };
  for (const number of [1, 2]) rig.webs.push(await fillSlot(inOrder, world, 'web', `web ${number}`));
  const wired = async () => {
    const wire = await openWire(world.telegram.apiRoot, rig.sends);
    inOrder.after(() => wire.close());
    return { env: { TELEGRAM_API_ROOT: wire.url }, started: wire.belongsTo };
  };
  for (const number of [1, 2]) rig.workers.push(await fillSlot(inOrder, world, 'worker', `worker ${number}`, wired));
  // As a balancer does: where none is healthy, all of them are tried.
  const door = await openDoor(() => {
    const ready = rig.webs.filter((web) => web.ready);
    return (ready.length > 0 ? ready : rig.webs).map(({ port }) => port);
  });
  inOrder.after(() => door.close());
  await until('every task ready', START_WITHIN, () => notReady(rig));
  await world.callTelegram('setWebhook', {
    url: `${door.url}/telegram/webhook`,
    secret_token: WEBHOOK_SECRET,
    max_connections: world.posture.telegram.maxConnections,
  });
  return rig;
}

export function notReady({ webs, workers }: Rig): string | undefined {
  const missing = [...webs, ...workers].filter((slot) => !slot.ready).map(({ name }) => name);
  return missing.length > 0 ? `${missing.join(', ')} not ready` : undefined;
}

const asking =
  (world: World): Rig['ask'] =>
  async <Row extends QueryResultRow>(text: string, values: unknown[] = []) => {
    const started = performance.now();
    for (;;) {
      try {
        return await world.database.sql<Row>(text, values);
      } catch (error) {
        if (performance.now() - started > ASK_WITHIN) throw error;
        await sleep(50);
      }
    }
  };
