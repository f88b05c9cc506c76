import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createJournal, linesBetween, type Look } from '../../../local/control-room/journal.ts';
import { fakePlatform } from './fakes.ts';

function look(): Look {
  const platform = fakePlatform();
  return {
    tasks: platform.tasks().map((task) => ({ ...task, frozen: false })),
    database: platform.database(),
    telegram: { pending: 0, delivered: 0, retried: 0, sent: 0, lastError: null },
  };
}

const changed = (change: (look: Look) => void) => {
  const now = look();
  change(now);
  return linesBetween(look(), now).map(({ level, text }) => `${level}: ${text}`);
};

test('nothing new is nothing to tell', () => {
  assert.deepEqual(
    changed(() => {}),
    [],
  );
});

test('a death is told with its reason, and the replacement after it', () => {
  assert.deepEqual(
    changed(({ tasks }) => Object.assign(tasks[2]!, { state: 'stopped', pid: undefined, lastExit: 'signal SIGKILL' })),
    ['bad: worker-1 died: signal SIGKILL'],
  );
  assert.deepEqual(
    changed(({ tasks }) => Object.assign(tasks[2]!, { pid: 9, restarts: 1, lastExit: 'signal SIGKILL' })),
    ['bad: worker-1 died: signal SIGKILL', 'info: worker-1 was replaced by pid 9', 'good: worker-1 is healthy'],
  );
});

test('states, breakers, the database and undelivered updates are told when they change', () => {
  assert.deepEqual(
    changed(({ tasks }) => Object.assign(tasks[0]!, { state: 'draining' })),
    ['warn: web-1 is draining'],
  );
  assert.deepEqual(
    changed(({ tasks }) => (tasks[3]!.health!.providers!['openrouter']!.breaker = 'open')),
    ['warn: worker-2: breaker of openrouter is open'],
  );
  assert.deepEqual(
    changed(({ database }) => (database.state = 'down')),
    ['bad: The database is down'],
  );
  assert.deepEqual(
    changed((now) => (now.telegram!.lastError = 'Connection refused')),
    ['warn: Telegram could not deliver: Connection refused'],
  );
  assert.deepEqual(
    changed((now) => now.tasks.pop()),
    ['warn: worker-2 is gone'],
  );
});

test('the journal keeps the newest entries', () => {
  const told: string[] = [];
  const journal = createJournal(({ text }) => told.push(text));
  for (let index = 0; index < 250; index++) journal.add({ level: 'info', text: String(index) });
  assert.equal(told.length, 250);
  assert.equal(journal.entries().length, 200);
  assert.equal(journal.entries().at(-1)?.text, '249');
});
