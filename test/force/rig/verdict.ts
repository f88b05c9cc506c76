/** What must hold when the dust has settled. */
import { BESIDE_POOL } from '../../../posture/limits.ts';
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { notReady, type Rig } from './index.ts';
import { until, untilStalled } from './until.ts';

/**
 * Longest time until no connection is left that no living task knows of, ms: keepalive has no part in it on one host.
 * A breaker that was open when the last call left reads as closed only after its window (20 s).
 */
const BASELINE_WITHIN = 60_000;

/** Every update stored, handled, its user answered; every repeat delivery over. Fails when nothing of it goes on for `stalled` ms; returns how long it took, ms. */
export async function assertAllAnswered({ world: { telegram }, ask }: Rig, stalled: number): Promise<number> {
  return untilStalled('every update handled and answered', stalled, async () => {
    const { said, wanted, acknowledged, expected, replied } = telegram.floodReport();
    if (said < wanted) return `${said} of ${wanted} said`;
    const { repeatsPending, expired } = telegram.stats();
    assert.equal(expired, 0, 'updates whose lifetime ended before they were accepted');
    if (acknowledged < said) return `${acknowledged} of ${said} acknowledged; ${telegram.stats().lastError}`;
    const states = await ask<{ state: string; count: number }>(
      'SELECT state, count(*)::int AS count FROM evenkeel.inbox GROUP BY state',
    );
    const count = (state: string) => states.find((row) => row.state === state)?.count ?? 0;
    if (count('parked') > 0) assert.fail(`parked: ${JSON.stringify(await parked(ask))}`);
    if (count('pending') > 0) return `${count('pending')} pending`;
    if (replied < expected) return `${replied} of ${expected} texts answered`;
    return repeatsPending > 0 ? `${repeatsPending} repeat deliveries to come` : undefined;
  });
}

const parked = (ask: Rig['ask']) =>
  ask(`SELECT update_id, attempts, takeovers, last_error FROM evenkeel.inbox WHERE state = 'parked' LIMIT 3`);

/** Each update is stored once and done; each text has exactly its own question and its own answer in the database. */
export async function assertOneEffectEach({ world: { telegram }, ask }: Rig): Promise<void> {
  const { said, expected } = telegram.floodReport();
  const ids = telegram.floodAcknowledged();
  assert.equal(ids.length, said, 'every update was acknowledged');
  const [inbox] = await ask(
    `SELECT count(*)::int AS stored, (count(*) FILTER (WHERE state = 'done' AND settled_at IS NOT NULL))::int AS done,
            (count(*) FILTER (WHERE update_id = ANY ($1::bigint[])))::int AS acknowledged
     FROM evenkeel.inbox`,
    [ids],
  );
  assert.deepEqual(inbox, { stored: said, done: said, acknowledged: said });
  const [messages] = await ask(
    `SELECT (count(*) FILTER (WHERE role = 'user'))::int AS questions,
            (count(DISTINCT text) FILTER (WHERE role = 'user'))::int AS texts,
            (count(*) FILTER (WHERE role = 'assistant'))::int AS answers
     FROM evenkeel.message`,
  );
  assert.deepEqual(messages, { questions: expected, texts: expected, answers: expected });
  const strangers = await ask(
    `SELECT q.text AS question, a.text AS answer
     FROM evenkeel.message q JOIN evenkeel.message a USING (bot_id, update_id)
     WHERE q.role = 'user' AND a.role = 'assistant' AND substring(a.text FROM 'ping-\\d+') <> q.text`,
  );
  assert.deepEqual(strangers, [], 'an answer stands beside a question that is not its own');
}

/**
 * Each chat's updates were handled in order, messages with edits and taps each for themselves: that is the order in
 * which Telegram lets them leave. So were the first answers that the user saw.
 */
export async function assertOrder({ world: { telegram }, ask }: Rig): Promise<void> {
  const settled = await ask(
    `SELECT * FROM (
       SELECT lane, update_id, settled_at, lag(settled_at) OVER chat AS before FROM evenkeel.inbox AS inbox
       WINDOW chat AS (PARTITION BY lane, EXISTS (SELECT FROM tap WHERE tap.update_id = inbox.update_id) ORDER BY update_id)
     ) AS inbox WHERE settled_at < before LIMIT 5`,
  );
  assert.deepEqual(settled, [], 'settled out of order');
  const said = await ask(
    `SELECT * FROM (
       SELECT chat_id, update_id, role, created_at, lag(created_at) OVER side AS before FROM evenkeel.message
       WINDOW side AS (PARTITION BY chat_id, role ORDER BY update_id)
     ) AS message WHERE created_at < before LIMIT 5`,
  );
  assert.deepEqual(said, [], 'questions or answers written out of order');
  assert.equal(telegram.floodReport().outOfOrder, 0, 'first answers in another order than the questions');
}

/** No lane is left, no transaction; the server knows exactly the connections that the living tasks know. */
export async function assertBaseline(rig: Rig): Promise<void> {
  await until('back to baseline', BASELINE_WITHIN, () => excess(rig), 200);
  // It stays so: nothing comes back from a frozen or dead task later.
  await sleep(300);
  assert.equal(await excess(rig), undefined);
}

async function excess(rig: Rig): Promise<string | undefined> {
  const missing = notReady(rig);
  if (missing) return missing;
  const { webs, workers, ask } = rig;
  const healths = await Promise.all([...webs, ...workers].map(({ task }) => task.health()));
  for (const { role, pool, lanes, reasons } of healths) {
    if (pool.waiting > 0) return `${role}: ${pool.waiting} wait for a connection`;
    if (reasons.length > 0) return `${role}: ${reasons.join(', ')}`;
    const active = Object.values(lanes ?? {}).reduce((sum, lane) => sum + lane.active, 0);
    if (active > 0) return `${role}: ${active} lanes active`;
  }
  const pooled = healths.reduce((sum, { pool }) => sum + pool.total, 0);
  // A worker listens beside its pool; a web task looks at its database for the health page, as it just has.
  const { web, worker } = BESIDE_POOL;
  const listening = workers.length * (worker.listen + worker.health) + webs.length * (web.listen + web.health);
  const [seen] = await ask<{ left: number; connections: number; open: number }>(
    `SELECT (SELECT count(*)::int FROM evenkeel.lane) AS left,
            count(*)::int AS connections, (count(*) FILTER (WHERE state LIKE 'idle in transaction%'))::int AS open
     FROM pg_stat_activity WHERE usename IN ('web', 'worker')`,
  );
  const { left, connections, open } = seen!;
  if (left > 0) return `${left} lanes left`;
  if (open > 0) return `${open} transactions open`;
  return connections === pooled + listening
    ? undefined
    : `${connections} connections, ${pooled} pooled and ${listening} beside the pools`;
}
