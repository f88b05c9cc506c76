import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../local/platform/ports.ts';
import { remoteTelegram } from '../../local/world/remote.ts';
import { resolve } from '../../posture/resolve.ts';
import { processesMentioning, until } from '../local/platform/support.ts';
import { checkout, start, type Ready } from './starting.ts';

const JSON_OUT = ['--json', '--no-browser'];

const repliesTo = async (telegram: ReturnType<typeof remoteTelegram>, chatId: number) =>
  (await telegram.messages(chatId)).filter(({ from }) => from === 'bot');

async function nothingLeft({ dataDirectories }: Ready): Promise<void> {
  for (const directory of dataDirectories) {
    await until(`the end of ${directory}`, () =>
      stat(directory).then(
        () => false,
        () => true,
      ),
    );
    await until(`the processes of ${directory}`, () => processesMentioning(directory).length === 0);
  }
}

test('a message is answered through the whole path; a second start touches nothing; Ctrl-C leaves nothing', async (t) => {
  const cwd = await checkout(t);
  const port = String(await freePort());
  const first = start(t, cwd, [...JSON_OUT, '--port', port]);
  const ready = await first.ready();
  assert.equal(ready.url, `http://127.0.0.1:${port}`);

  const telegram = remoteTelegram(ready.telegramApiRoot);
  await telegram.say(77, '/start', 'Ada');
  const [greeting] = await until('the greeting', async () => {
    const replies = await repliesTo(telegram, 77);
    return replies.length > 0 && replies;
  });
  assert.match(greeting!.text, /\S/);
  assert.match(await (await fetch(ready.url)).text(), /<!doctype html>/i);

  const second = start(t, cwd, [...JSON_OUT, '--port', port]);
  assert.equal(await second.ended, 1);
  assert.match(
    second.output(),
    new RegExp(
      `^(Evenkeel already runs at http://127\\.0\\.0\\.1:${port}: )?port ${port} is taken( by process ${first.process.pid} .*)?; choose another: npm start -- --port ${Number(port) + 100}\n$`,
    ),
  );
  await telegram.say(77, '/help');
  await until('the second answer', async () => (await repliesTo(telegram, 77)).length > 1);

  // npm passes the terminal's Ctrl-C on, so that one press arrives twice.
  first.process.kill('SIGINT');
  first.process.kill('SIGINT');
  assert.equal(await first.ended, 0);
  assert.doesNotMatch(first.output(), /ending at once/);
  await nothingLeft(ready);
});

test('a second Ctrl-C ends what does not end by itself', async (t) => {
  const cwd = await checkout(t);
  const started = start(t, cwd, [...JSON_OUT, '--port', '0']);
  const ready = await started.ready();
  const telegram = remoteTelegram(ready.telegramApiRoot);
  // By the reply, and not by calls: a schedule calls as well.
  await telegram.setFaults({ loseAnswers: true, sendsOnly: true });
  await telegram.say(1, '/start');
  await until('the reply that hangs', async () => (await telegram.stats()).sent > 0 || undefined);
  started.process.kill('SIGINT');
  await until('the drain', () => started.output().includes('"doing":"draining'));
  // Two that come together are one: npm passes on what the terminal has sent as well.
  await sleep(600);
  const began = Date.now();
  started.process.kill('SIGINT');
  assert.equal(await started.ended, 130);
  const took = Date.now() - began;
  assert.ok(took < resolve({}).worker.stopTimeout, `took ${took} ms, as long as the drain may`);
  await nothingLeft(ready);
});

test('with --keep the data are there at the next start, and a kill takes nothing away', async (t) => {
  const cwd = await checkout(t);
  const first = start(t, cwd, [...JSON_OUT, '--port', '0', '--keep']);
  const ready = await first.ready();
  // As root the server's own user may not enter a private checkout, and its data are elsewhere.
  t.after(() => Promise.all(ready.dataDirectories.map((directory) => rm(directory, { recursive: true, force: true }))));
  assert.equal(ready.dataDirectories[0], join(cwd, '.evenkeel'));
  const other = start(t, cwd, [...JSON_OUT, '--port', '0', '--keep']);
  assert.equal(await other.ended, 1);
  assert.match(
    other.output(),
    new RegExp(`the data in .*\\.evenkeel are in use by process ${first.process.pid}: end it`),
  );

  const telegram = remoteTelegram(ready.telegramApiRoot);
  await telegram.say(5, '/start');
  await until('the answer', async () => (await repliesTo(telegram, 5)).length > 0);
  const chats = join(cwd, '.evenkeel/telegram.json');
  await until('the chats on disk', async () => (await readFile(chats, 'utf8')).includes('"from":"bot"'));
  first.process.kill('SIGKILL');
  await until('the end of all processes', () =>
    ready.dataDirectories.every((d) => processesMentioning(d).length === 0),
  );

  const second = start(t, cwd, [...JSON_OUT, '--port', '0', '--keep']);
  const again = await second.ready();
  assert.deepEqual(again.dataDirectories, ready.dataDirectories);
  // The same bot, which the conversation in the database belongs to, and what was said, each once.
  const later = remoteTelegram(again.telegramApiRoot);
  const before = await later.messages(5);
  assert.deepEqual(
    before.map(({ from }) => from),
    ['user', 'bot'],
  );
  await later.say(5, 'and again');
  await until('the answer after the start', async () => (await repliesTo(later, 5)).length > 1);
  assert.deepEqual((await later.messages(5)).slice(0, 2), before);
  second.process.kill('SIGTERM');
  assert.equal(await second.ended, 0);
  assert.match(second.output(), /data kept in .*\.evenkeel/);
  for (const directory of ready.dataDirectories) assert.ok((await stat(directory)).isDirectory());
  await until('the end of all processes', () =>
    ready.dataDirectories.every((d) => processesMentioning(d).length === 0),
  );
});

test('chats that cannot be read are one line, and nothing is started', async (t) => {
  const cwd = await checkout(t);
  await mkdir(join(cwd, '.evenkeel'));
  await writeFile(join(cwd, '.evenkeel/telegram.json'), '{"release":1,"botToken":');
  const started = start(t, cwd, [...JSON_OUT, '--port', '0', '--keep']);
  assert.equal(await started.ended, 1);
  assert.match(started.output(), /telegram\.json: .*; remove it, and the chats begin anew\n$/);
  assert.equal(await readFile(join(cwd, '.evenkeel/telegram.json'), 'utf8'), '{"release":1,"botToken":');
});

test('Ctrl-C while it starts ends what has been started', async (t) => {
  const started = start(t, await checkout(t), ['--port', '0', '--no-browser']);
  await until('the database', () => started.output().includes('PostgreSQL on port'));
  started.process.kill('SIGINT');
  assert.equal(await started.ended, 0);
  assert.doesNotMatch(started.output(), /Evenkeel runs/);
  assert.deepEqual(processesMentioning('evenkeel-start-'), []);
});

test('what cannot be started is one line, and nothing is started', async (t) => {
  const cwd = await checkout(t);
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.after(() => taken.close());
  const { port } = taken.address() as AddressInfo;
  const cases: [args: string[], line: RegExp, code?: number][] = [
    [['--port', 'many'], /^--port takes a number from 1 to 65535, or 0 for any that is free, not "many"\n$/, 2],
    [
      ['--port', String(port)],
      new RegExp(`^port ${port} is taken.*; choose another: npm start -- --port ${port + 100}\n$`),
    ],
    [['--stack', 'nowhere'], /^Pulumi\.nowhere\.yaml does not exist; the stacks here are local\n$/, 2],
    [['--set', 'worker.pool=400'], /worker\.pool.*400/],
    [['--set', 'worker.pool=60'], /^connections\.fit: .*Smallest change/m],
    [
      ['--prot', '4700'],
      /^unknown option "--prot"; did you mean "--port"\? npm start -- --help lists the options\n$/,
      2,
    ],
  ];
  for (const [args, line, code = 1] of cases) {
    const started = start(t, cwd, args);
    assert.equal(await started.ended, code, args.join(' '));
    assert.match(started.output(), line);
    assert.doesNotMatch(started.output(), /PostgreSQL on port/);
  }
  const help = start(t, cwd, ['--help']);
  assert.equal(await help.ended, 0);
  assert.match(help.output(), /--take-over/);
});
