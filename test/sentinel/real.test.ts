/** The sentinel against the bot as it really is: what it reads of `/health` is there, and the runbooks' queries run. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import pg from 'pg';
import { watch } from '../../sentinel/sentinel.ts';
import { vitals } from '../../app/health/vitals.ts';
import { parseOps } from '../../app/ops/parse.ts';
import { split } from '../../scripts/ops/main.ts';
import { OPERATOR_TOKEN } from '../harness/task.ts';
import { startWorld } from '../harness/world.ts';

const world = await startWorld({ after });
const web = await world.startTask({ after }, 'web');
const worker = await world.startTask({ after }, 'worker');
await Promise.all([web.ready(), worker.ready()]);

async function see(operatorToken = OPERATOR_TOKEN) {
  const report = await watch({
    posture: world.posture,
    stack: 'test',
    publicUrl: await web.url(),
    telegramApiRoot: world.telegram.apiRoot,
    botToken: world.telegram.botToken,
    operatorToken,
  });
  return { ...report, text: report.lines.join('\n') };
}

test('a bot that is well: healthy, its webhook found, and every declared queue with its gauges', async () => {
  const { maxConnections, allowedUpdates } = world.posture.telegram;
  await world.callTelegram('setWebhook', {
    url: `${await web.url()}/telegram/webhook`,
    secret_token: 'secret-of-the-tests',
    max_connections: maxConnections,
    allowed_updates: allowedUpdates,
  });
  const { look, text } = await see();
  assert.equal(look.bot.kind, 'health', text);
  assert.equal(look.bot.health.status, 'healthy', text);
  assert.deepEqual(Object.keys(look.bot.health.queues ?? {}).sort(), Object.keys(world.posture.jobs).sort());
  assert.match(text, /"WebhookMismatch":0/);
  assert.match(text, /"BotHealth":0/);
});

test('with a wrong operator token the status is seen, the details are not, and the log says why', async () => {
  const { look, text } = await see('not-the-operator');
  assert.equal(look.bot.kind, 'health');
  assert.equal(look.bot.health.queues, undefined);
  assert.match(text, /is the operator token the same on both sides/);
});

test('an update that was given up is counted as parked', async () => {
  await world.database.sql(
    `INSERT INTO evenkeel.inbox (bot_id, update_id, queue, lane, state, settled_at, body)
     VALUES ($1, 1, 'chat', '1', 'parked', now(), '{}')`,
    [world.botId],
  );
  const { look, text } = await see();
  assert.equal(look.bot.kind === 'health' && look.bot.health.queues?.['chat']?.parked, 1, text);
});

test("what a worker really says of itself becomes its metrics: its listener's state and every provider's breaker", async () => {
  const metrics = vitals('worker', await worker.health(), 10);
  const of = (name: string) => metrics.filter((metric) => metric.name === name);
  assert.deepEqual(
    of('ListenerDown').map(({ value }) => value),
    [0],
  );
  assert.deepEqual(
    of('BreakerOpen')
      .map(({ dimensions }) => dimensions['Provider'])
      .sort(),
    Object.keys(world.posture.providers).sort(),
  );
});

const RUNBOOKS = new URL('../../docs/runbooks/', import.meta.url);

/** Statements of the runbooks' SQL blocks. What a person fills in (`<…>`) is a number here. */
function statements(): [file: string, sql: string][] {
  return readdirSync(RUNBOOKS).flatMap((file) => {
    const text = readFileSync(new URL(file, RUNBOOKS), 'utf8');
    const blocks = [...text.matchAll(/```sql\n([\s\S]*?)```/g)].map(([, sql]) => sql!);
    return blocks
      .flatMap((block) => block.replace(/--.*$/gm, '').split(';'))
      .map((sql) => [file, sql.replace(/<[a-z ]+>/g, '1').trim()] as [string, string])
      .filter(([, sql]) => sql !== '');
  });
}

test("every query of the runbooks runs on the bot's own schema, as the operator and read-only", async (t) => {
  const client = new pg.Client({ connectionString: world.database.url('operator') });
  await client.connect();
  t.after(() => client.end());
  const failed: string[] = [];
  let ran = 0;
  for (const [file, sql] of statements()) {
    // The extension is loaded by RDS; this server has not been told to.
    if (/pg_stat_statements/.test(sql)) continue;
    await client.query('BEGIN');
    await client.query(sql).catch((error: unknown) => failed.push(`${file}: ${(error as Error).message}: ${sql}`));
    await client.query('ROLLBACK');
    ran++;
  }
  assert.deepEqual(failed, []);
  assert.ok(ran > 30, `only ${ran} statements were found`);
});

/** Every `npm run …` that a person may copy, without the npm of it. */
function commands(): [file: string, command: string][] {
  const guides = ['../production.md', ...readdirSync(RUNBOOKS)];
  return guides.flatMap((file) =>
    [...readFileSync(new URL(file, RUNBOOKS), 'utf8').matchAll(/npm run (?:-s )?([^`\n]+)/g)].map(
      ([, command]) => [file, command!.replace(/ #.*$/, '')] as [string, string],
    ),
  );
}

test('every command of ours in the runbooks and the guide exists, each verb with what it takes', () => {
  const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', RUNBOOKS), 'utf8')) as {
    scripts: Record<string, string>;
  };
  let verbs = 0;
  for (const [file, command] of commands()) {
    const [name = ''] = command.split(/[ ,.;)]/);
    assert.ok(name in scripts, `${file}: npm run ${name} does not exist: ${command}`);
    const typed = /^ops -- (.*)$/.exec(command)?.[1];
    if (typed === undefined || typed.includes('--help')) continue;
    const words = [...typed.replace(/<[a-z ]+>/g, '1').matchAll(/"([^"]*)"|(\S+)/g)].map(
      ([, quoted, word]) => quoted ?? word!,
    );
    assert.doesNotThrow(() => parseOps(split(words).args, { wantsReason: false }), `${file}: ${command}`);
    verbs += 1;
  }
  assert.ok(verbs > 10, `only ${verbs} verbs were found`);
});
