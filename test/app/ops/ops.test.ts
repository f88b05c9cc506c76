/** What people ask of a running bot: each verb as the role `ops` in a process of its own, as the database's operator. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { Outcome, Row } from '../../../app/ops/outcome.ts';
import { fromLines } from '../../../app/ops/lines.ts';
import { startChild } from '../../../local/platform/process.ts';
import { fileURLToPath } from 'node:url';
import { QUEUES } from '../../../app/lanes/queues.ts';
import { COMPILE_CACHE } from '../../../local/platform/compile-cache.ts';
import { waitFor } from '../../harness/wait.ts';
import { startWorld } from '../../harness/world.ts';

const MAIN = fileURLToPath(new URL('../../../app/main.ts', import.meta.url));
const world = await startWorld({ after }, { posture: { features: { chat: false } } });
const { database } = world;

const SECRET = 'what a person wrote';
let next = 1000;

interface Made {
  state?: string;
  lane?: string;
  error?: string | null;
  sends?: unknown;
  bot?: number;
  queue?: string;
}

/** Stores an update as the bot would have left it. */
async function update({ state = 'parked', lane = '1:5', error = null, sends, bot = 1, queue = 'chat' }: Made = {}) {
  const id = (next += 1);
  await database.sql(
    `INSERT INTO evenkeel.inbox (bot_id, update_id, queue, lane, state, attempts, takeovers, settled_at, last_error, sends, body)
     VALUES ($1, $2, $3, $4, $5, 4, 1, CASE WHEN $5 <> 'pending' THEN now() END, $6, $7::json, $8)`,
    [
      bot,
      id,
      queue,
      lane,
      state,
      error,
      sends === undefined ? null : JSON.stringify(sends),
      JSON.stringify({ text: SECRET }),
    ],
  );
  return id;
}

async function run(args: string[], env: Record<string, string> = {}) {
  const child = await startChild(process.execPath, [MAIN, 'ops', ...args], {
    guard: world.guard,
    lastSignal: 'SIGKILL',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...COMPILE_CACHE,
      DATABASE_URL: database.url('operator'),
      POSTURE: world.env('worker')['POSTURE']!,
      OPS_CALLER: 'arn:aws:sts::123456789012:assumed-role/oncall/ada',
      ...env,
    },
  });
  const chunks: Buffer[] = [];
  for (const stream of [child.process.stdout!, child.process.stderr!])
    stream.on('data', (chunk: Buffer) => void chunks.push(chunk));
  const { code } = await child.exited;
  await waitFor(() => child.process.stdout!.readableEnded, { what: 'the output to end' });
  const text = Buffer.concat(chunks).toString();
  assert.ok(!text.includes(SECRET), `a person's text in ${text}`);
  assert.ok(!text.includes(world.postgres.password('operator')), 'a password in the output');
  return { code, text, outcome: fromLines(text.split('\n')) };
}

async function ask(...args: string[]): Promise<Outcome> {
  const { outcome, text } = await run(args);
  assert.ok(outcome, text);
  return outcome;
}

const rowsOf = ({ tables }: Outcome, title: RegExp): readonly Row[] =>
  tables.find((table) => title.test(table.title))?.rows ?? assert.fail(`no table ${title}: ${JSON.stringify(tables)}`);

const stateOf = async (id: number) => {
  const [row] = await database.sql(
    'SELECT state, attempts, takeovers, last_error, sends, body FROM evenkeel.inbox WHERE update_id = $1',
    [id],
  );
  return row!;
};

const auditOf = (id: number) =>
  database.sql(
    `SELECT who, login, verb, reason, via, detail FROM evenkeel.audit WHERE target = 'update 1:' || $1::text`,
    [id],
  );

describe('parked updates', () => {
  test('are listed by cause, without what an error quotes', async () => {
    await update({ error: `Unexpected token: "${SECRET}" is no JSON`, lane: '1:6' });
    await update({ error: `Unexpected token: "${SECRET}, cut off`, lane: '1:7' });
    const outcome = await ask('dead', 'list');
    assert.deepEqual(
      rowsOf(outcome, /by cause/).map(({ cause, updates }) => [cause, updates]),
      [
        ['Unexpected token: "…"', 1],
        ['Unexpected token: "…" is no JSON', 1],
      ],
    );
    const [row] = rowsOf(outcome, /one|latest/);
    assert.equal(row!['attempts'], 4);
    assert.ok(!('body' in row!));
  });

  test('are run again, and who did it and why is written down for ever', async () => {
    const id = await update({ lane: '1:50' });
    const other = await update({ state: 'done', lane: '1:50' });
    const dry = await ask('dead', 'redrive', String(id), '--dry-run');
    assert.deepEqual(
      rowsOf(dry, /to be run again/).map((row) => row['update']),
      [id],
    );
    assert.equal((await stateOf(id))['state'], 'parked');
    const outcome = await ask('dead', 'redrive', String(id), String(other), '--reason', 'the provider is back');
    assert.deepEqual(outcome.said, ['1 update run again.', '1 left as they are: in another state, or not there.']);
    assert.deepEqual(await stateOf(id), {
      state: 'pending',
      attempts: 0,
      takeovers: 0,
      last_error: null,
      sends: null,
      body: JSON.stringify({ text: SECRET }),
    });
    assert.deepEqual(await database.sql(`SELECT queue, owner FROM evenkeel.lane WHERE lane = '1:50'`), [
      { queue: 'chat', owner: null },
    ]);
    const [row] = await auditOf(id);
    assert.equal(row!['who'], 'arn:aws:sts::123456789012:assumed-role/oncall/ada');
    assert.equal(row!['login'], 'operator');
    assert.equal(row!['verb'], 'dead redrive');
    assert.equal(row!['reason'], 'the provider is back');
    assert.equal((row!['detail'] as { attempts: number }).attempts, 4);
  });

  test('that were given up for good keep nothing of what was written', async () => {
    const id = await update({
      error: 'Forbidden',
      sends: [{ method: 'sendMessage', state: 'ok', result: { text: SECRET } }],
    });
    const outcome = await ask('dead', 'dismiss', String(id), '--reason', 'the chat is gone');
    assert.deepEqual(outcome.said, ['1 update given up for good.']);
    const { attempts: _attempts, takeovers: _takeovers, ...rest } = await stateOf(id);
    assert.deepEqual(rest, { state: 'done', body: '', sends: null, last_error: null });
    assert.equal((await auditOf(id))[0]!['reason'], 'the chat is gone');
    const again = await run(['dead', 'dismiss', String(id), '--reason', 'the chat is gone']);
    assert.equal(again.code, 1);
    assert.deepEqual(again.outcome!.said, ['Nothing there that could be given up for good.']);
    assert.equal((await auditOf(id)).length, 1);
  });

  test('of a queue of payments are not given up: somebody has paid', async () => {
    const id = await update({ queue: 'payment', lane: '1:pay' });
    const { code } = await run(['dead', 'dismiss', String(id), '--reason', 'no use']);
    assert.equal(code, 1);
    assert.equal((await stateOf(id))['state'], 'parked');
  });

  test('of one queue are run again all at once', async () => {
    const ids = [
      await update({ queue: 'preCheckout', lane: '1:p1' }),
      await update({ queue: 'preCheckout', lane: '1:p2' }),
    ];
    const outcome = await ask('dead', 'redrive', '--all', '--queue', 'preCheckout', '--reason', 'late');
    assert.deepEqual(outcome.said, ['2 updates run again.']);
    for (const id of ids) assert.equal((await stateOf(id))['state'], 'pending');
  });

  test('can be callbacks, whose ids nobody can type: each has a word', async () => {
    next += 1;
    const id = -next;
    await database.sql(
      `INSERT INTO evenkeel.inbox (bot_id, update_id, queue, lane, state, attempts, settled_at, last_error, body)
       VALUES (1, $1, 'payment', '1:pay:5', 'parked', 8, now(), 'no such order', '{}')`,
      [id],
    );
    const word = `callback:${next}`;
    const listed = rowsOf(await ask('dead', 'list'), /^parked updates/).find((row) => row['update'] === word);
    assert.equal(listed?.['cause'], 'no such order');
    assert.match(JSON.stringify(await ask('story', word)), /stored in queue payment/);
    const done = await ask('dead', 'redrive', word, '--reason', 'the order is there');
    assert.deepEqual(done.said, ['1 update run again.']);
    assert.equal((await stateOf(id))['state'], 'pending');
    assert.equal((await auditOf(id))[0]!['reason'], 'the order is there');
  });

  test('of two bots with one id are not guessed at', async () => {
    const id = await update({ lane: '1:9' });
    await database.sql(
      `INSERT INTO evenkeel.inbox (bot_id, update_id, queue, lane, state, body) VALUES (2, $1, 'chat', '2:9', 'parked', '{}')`,
      [id],
    );
    const { code, outcome } = await run(['dead', 'redrive', String(id), '--reason', 'why not']);
    assert.equal(code, 1);
    assert.deepEqual(outcome!.said, ['Several bots have such an update: name one with --bot 1, --bot 2.']);
    const named = await ask('dead', 'redrive', String(id), '--bot', '2', '--reason', 'this one');
    assert.deepEqual(named.said, ['1 update run again.']);
    assert.deepEqual(
      await database.sql('SELECT bot_id, state FROM evenkeel.inbox WHERE update_id = $1 ORDER BY bot_id', [id]),
      [
        { bot_id: 1, state: 'parked' },
        { bot_id: 2, state: 'pending' },
      ],
    );
  });

  test('can be made of an update that waits', async () => {
    const id = await update({ state: 'pending', lane: '1:77' });
    await ask('dead', 'park', String(id), '--reason', 'it ends the workers');
    const { state, last_error } = await stateOf(id);
    assert.deepEqual([state, last_error], ['parked', 'parked by hand']);
    const outcome = await ask('dead', 'show', String(id));
    assert.equal(rowsOf(outcome, /what people did/)[0]!['reason'], 'it ends the workers');
  });
});

describe('sends of unknown outcome', () => {
  const sends = [
    { method: 'sendMessage', state: 'ok', result: { text: `${SECRET}\u0000 \ud83d \\" \\` } },
    null,
    {
      method: 'sendPhoto',
      state: 'unknown',
      tries: 2,
      reason: 'timeout of "sendPhoto"',
      at: '2026-01-01T00:00:00.000Z',
    },
  ];

  test('are listed, told of and taken off the list', async () => {
    const id = await update({ state: 'done', lane: '1:31', sends, error: 'nobody knows' });
    // A receipt, in the lane of who paid; and an answer in no chat.
    const paid = await update({ state: 'done', lane: '1:pay:31', sends, error: 'nobody knows' });
    const asked = await update({ state: 'done', lane: `1:pre:32`, sends, error: 'nobody knows' });
    const chats = rowsOf(await ask('unknown', 'list'), /nobody knows/).map((row) => [row['update'], row['chat']]);
    assert.deepEqual(
      [paid, asked].map((one) => chats.find(([update]) => update === one)?.[1]),
      ['31', null],
    );
    const listed = rowsOf(await ask('unknown', 'list'), /nobody knows/).find((row) => row['update'] === id)!;
    assert.deepEqual(
      { method: listed['method'], tries: listed['tries'], chat: listed['chat'], reason: listed['reason'] },
      { method: 'sendPhoto', tries: 2, chat: '31', reason: 'timeout of "…"' },
    );
    const story = rowsOf(await ask('story', String(id)), /^update/).map((row) => String(row['what']));
    assert.match(
      story.join('\n'),
      /sendPhoto left, for the 2\. time.*stored in queue chat, lane 1:31.*done after 4 failed/s,
    );
    assert.equal(rowsOf(await ask('dead', 'show', String(id)), /^update/)[0]!['confirmed'], 1);
    const done = await ask('unknown', 'resolve', String(id), '--as', 'arrived', '--reason', 'she wrote so');
    assert.deepEqual(done.said, ['1 update taken off the list.']);
    assert.equal((await auditOf(id))[0]!['reason'], 'arrived: she wrote so');
    assert.equal((await stateOf(id))['sends'], null);
  });
});

describe('the status', () => {
  test('says what waits, what was given up, who works and which versions', async (t) => {
    await database.sql('UPDATE evenkeel.inbox SET body = $1 WHERE body <> $1', ['']);
    await database.sql(`DELETE FROM evenkeel.inbox WHERE state = 'pending'`);
    const idle = await ask('status');
    assert.ok(idle.said.includes('No worker has a lease: nothing is handled.'));
    const worker = await world.startTask(t, 'worker');
    await worker.ready();
    const outcome = await ask('status');
    assert.equal(rowsOf(outcome, /^workers/).length, 1);
    assert.deepEqual(
      rowsOf(outcome, /^queues/).map((row) => row['queue']),
      QUEUES,
    );
    assert.deepEqual(
      rowsOf(outcome, /^sessions/).map((row) => row['role']),
      ['operator', 'owner', 'web', 'worker'],
    );
    assert.match(String(rowsOf(outcome, /^versions/)[0]!['schema']), /^\d{4}_/);
  });
});

describe('a statement of one’s own', () => {
  test('is read-only, bounded, without texts, and kept in the audit', async () => {
    const outcome = await ask('sql', 'SELECT n FROM generate_series(1, 100) AS n;', '--limit', '3');
    assert.deepEqual(
      rowsOf(outcome, /SELECT/).map((row) => row['n']),
      ['1', '2', '3'],
    );
    assert.deepEqual(outcome.said, ['More than 3 rows: --limit N shows up to 500.']);
    for (const [statement, why] of [
      ['SELECT body FROM evenkeel.inbox', /permission denied/],
      ['SELECT 1; SELECT 2', /syntax error|multiple commands/],
      ['DELETE FROM evenkeel.lane', /read-only|permission denied/],
      [`SELECT * FROM evenkeel.redrive(1, '{1}', 'me', 'here', 'no reason')`, /read-only/],
      ['SELEC 1', /syntax error/],
    ] as const) {
      const { code, outcome: refused } = await run(['sql', statement]);
      assert.equal(code, 1);
      assert.match(refused!.said[0]!, /^The database says no: /);
      assert.match(refused!.said[0]!, why);
    }
    const kept = await database.sql(
      `SELECT who, detail ->> 'statement' AS statement FROM evenkeel.audit WHERE verb = 'sql' ORDER BY id`,
    );
    assert.equal(kept.length, 6);
    assert.equal(kept[1]!['statement'], 'SELECT body FROM evenkeel.inbox');
  });
});

test('nobody who may write the audit may change or delete it, or decide without it', async () => {
  const { default: pg } = await import('pg');
  for (const role of ['operator', 'worker', 'web'] as const) {
    const client = new pg.Client({ connectionString: database.url(role) });
    await client.connect();
    try {
      await client.query('SET default_transaction_read_only = off');
      for (const statement of [
        `UPDATE evenkeel.audit SET who = 'nobody'`,
        'DELETE FROM evenkeel.audit',
        'TRUNCATE evenkeel.audit',
        ...(role === 'operator' ? [`UPDATE evenkeel.inbox SET state = 'pending'`] : []),
        ...(role === 'operator' ? [] : [`SELECT evenkeel.redrive(1, '{1}', 'me', 'here', 'why')`]),
      ])
        await assert.rejects(client.query(statement), { code: '42501' }, `${role}: ${statement}`);
    } finally {
      await client.end();
    }
  }
});

describe('what cannot be done is one line, and exit 2', () => {
  const cases: [string[], RegExp][] = [
    [[], /^which verb\?/],
    [['statsu'], /^unknown verb "statsu"; did you mean "status"\?$/],
    [['dead', 'lst'], /^unknown verb "dead lst"; did you mean "dead list"\?$/],
    [['dead'], /^unknown verb "dead"; known are dead list, dead show, dead redrive, dead dismiss, dead park$/],
    [['status', 'now'], /^status takes nothing behind it, not "now"$/],
    [['dead', 'show'], /^which one\? dead show UPDATE_ID$/],
    [['dead', 'show', '1', '2'], /^2 ids, at most 1 at once: /],
    [['dead', 'show', 'abc'], /^"abc" is not the id of an update: /],
    [['dead', 'redrive', '1'], /^dead redrive changes something: say why, --reason "…"; it is kept in the audit$/],
    [['dead', 'redrive', '1', '--reason', ' '], /^--reason takes 1 to 500 characters$/],
    [['dead', 'redrive', '1', '--all', '--reason', 'x'], /^either ids or --all: /],
    [['dead', 'list', '--all'], /^dead list takes no --all$/],
    [['dead', 'list', '--limit', '0'], /^--limit takes a whole number from 1 to 500, not "0"$/],
    [['dead', 'list', '--limt', '3'], /^unknown option "--limt"; did you mean "--limit"\?$/],
    [['dead', 'list', '--bot', 'x'], /^--bot takes a whole number/],
    [['unknown', 'resolve', '1', '--reason', 'x'], /^unknown resolve wants --as arrived or --as lost$/],
    [['unknown', 'resolve', '1', '--as', 'maybe', '--reason', 'x'], /^--as takes arrived or lost, not "maybe"$/],
    [['sql'], /^sql takes one statement, in quotes$/],
  ];
  test('in the image', async () => {
    for (const [args, line] of cases.slice(0, 3).concat(cases.slice(8, 9))) {
      const { code, text } = await run(args);
      assert.equal(code, 2, text);
      const [only, ...more] = text.trim().split('\n');
      assert.deepEqual(more, []);
      assert.match((JSON.parse(only!) as { msg: string }).msg, line);
    }
  });
  test('by the same reader everywhere', async () => {
    const { OpsUsage, parseOps } = await import('../../../app/ops/parse.ts');
    for (const [args, line] of cases)
      assert.throws(
        () => parseOps(args),
        (error: unknown) => error instanceof OpsUsage && (assert.match(error.message, line), true),
        args.join(' '),
      );
  });
  test('a database that is away, or full', async () => {
    const away = await run(['status'], { DATABASE_URL: 'postgres://operator:hush-hush@127.0.0.1:1/bot' });
    assert.equal(away.code, 1);
    assert.match(away.outcome!.said[0]!, /^The database says no: .*ECONNREFUSED/);
    assert.ok(!away.text.includes('hush-hush'));
  });
});
