import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createJournal, linesBetween, type Look } from '../../../local/control-room/journal.ts';
import { fakePlatform } from './fakes.ts';

function look(): Look {
  const platform = fakePlatform();
  return {
    tasks: platform.tasks().map((task) => ({ ...task, frozen: false })),
    database: platform.database(),
    telegram: { pending: 0, delivered: 0, retried: 0, sent: 0, lastError: null, acks: null },
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
  const next = { id: 'worker-1-2', pid: 9, restarts: 1, lastExit: 'signal SIGKILL', health: undefined };
  assert.deepEqual(
    changed(({ tasks }) => Object.assign(tasks[2]!, next)),
    ['bad: worker-1 died: signal SIGKILL', 'good: worker-1-2 is healthy'],
  );
});

test('one that was asked to end is no death, and says when it is over at the latest', () => {
  const asked = changed(({ tasks }) => {
    tasks.push({ ...tasks[2]!, id: 'worker-1-2', pid: 9, restarts: 1, state: 'starting', health: undefined });
    Object.assign(tasks[2]!, { state: 'draining', frozen: true, killAt: Date.now() + 60_000 });
  });
  assert.deepEqual(asked, [
    'warn: worker-1 is asked to end, frozen as it is: SIGKILL in 60 s at the latest',
    'info: worker-1-2 is starting as pid 9, in the place worker-1',
  ]);
  const ended = (killAt: number) => {
    const before = look();
    Object.assign(before.tasks[2]!, { state: 'draining', killAt });
    const now = { ...before, tasks: before.tasks.filter(({ id }) => id !== 'worker-1') };
    return linesBetween(before, now).map(({ text }) => text);
  };
  assert.deepEqual(ended(Date.now() + 30_000), ['worker-1 has ended']);
  assert.deepEqual(ended(Date.now() - 1), ['worker-1 did not end in its time: SIGKILL']);
});

test('what the bot did about it is told, many of a kind in one line', () => {
  assert.deepEqual(
    changed(({ tasks }) => {
      const [web1, web2, worker] = tasks.map(({ health }) => health!);
      web1!.intake = { ...web1!.intake!, duplicates: web1!.intake!.duplicates + 2 };
      web2!.intake = { ...web2!.intake!, duplicates: web2!.intake!.duplicates + 1, refused: 1 };
      worker!.lanes!['chat'] = { ...worker!.lanes!['chat']!, failed: 2, parked: 1 };
      worker!.providers!['openrouter'] = { ...worker!.providers!['openrouter']!, failures: 4 };
    }),
    [
      'good: 3 duplicates dropped: stored before, and answered once',
      'warn: 1 update not stored and not acknowledged: Telegram delivers again',
      'warn: 3 calls to the AI failed',
      'warn: 1 attempt failed: it will be made again after a pause',
      'bad: 1 update parked after the last attempt: the desk decides',
    ],
  );
  // A new task counts from nothing: a fall of the sum is no reaction.
  assert.deepEqual(
    changed(({ tasks }) => Object.assign(tasks[2]!, { health: { ...tasks[2]!.health, lanes: {} } })),
    [],
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
    [],
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
