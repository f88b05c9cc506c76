import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { notable, openTaskLog } from '../../../local/platform/task-log.ts';
import { temporaryDirectory, until } from './support.ts';

const line = (fields: object) => JSON.stringify(fields);

test('warnings and worse are one line for a person, with their cause; the rest is for the file', () => {
  assert.equal(notable(line({ level: 'info', msg: 'listening' })), undefined);
  assert.equal(notable(line({ level: 'warn', msg: 'slow' })), 'warning: slow');
  assert.equal(
    notable(line({ level: 'error', msg: 'query failed', error: 'timeout' })),
    'error: query failed: timeout',
  );
  assert.equal(notable('Error: out of memory'), 'Error: out of memory');
  assert.equal(notable('  '), undefined);
  assert.equal(notable(line({ level: 'fatal', msg: 'x'.repeat(5000) }))!.length, 300);
});

test('everything is in the file, and the same trouble is said once', async (t) => {
  const file = join(await temporaryDirectory(t), 'web-1.log');
  const said: string[] = [];
  const log = openTaskLog(file, (message) => said.push(message));
  const stream = new PassThrough();
  log.follow(stream);
  const written = [
    line({ level: 'info', updateId: 71, msg: 'update handled' }),
    line({ level: 'info', updateId: 7, msg: 'update handled' }),
    ...Array.from({ length: 50 }, (_, id) => line({ level: 'warn', time: id, msg: 'database away' })),
    'last words without an end of line',
  ].join('\n');
  // A line may arrive in pieces.
  for (let at = 0; at < written.length; at += 700) stream.write(written.slice(at, at + 700));
  stream.end();
  await until('the last line', () => said.length === 2);
  await log.close();
  assert.deepEqual(said, ['warning: database away', 'last words without an end of line']);
  assert.equal(await readFile(file, 'utf8'), written);
  assert.deepEqual(log.about(7), [line({ level: 'info', updateId: 7, msg: 'update handled' })]);
  assert.equal(log.tail().at(-1), 'last words without an end of line');
});
