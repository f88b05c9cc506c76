/** A web task whose every request carries the largest body, full of what has to be escaped, in the heap that its law says it needs. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { heapNeeded } from '../../../posture/laws/memory-fits.ts';
import { MiB } from '../../../posture/limits.ts';
import { deliver } from '../../harness/webhook.ts';
import { startWorld } from '../../harness/world.ts';

const world = await startWorld({ after });
const { web: declared } = world.posture;
const heap = Math.ceil(heapNeeded(world.posture, 'web').bytes / MiB);
const web = await world.startTask({ after }, 'web', { env: { NODE_OPTIONS: `--max-old-space-size=${heap}` } });
await web.ready();
const origin = await web.url();

/** An update of a size, its text a run of escapes. */
function full(updateId: number, escape: string): string {
  const shell = JSON.stringify({ update_id: updateId, message: { chat: { id: updateId }, text: '' } });
  const text = escape.repeat(Math.floor((declared.bodyLimit - shell.length) / escape.length));
  return shell.replace('"text":""', `"text":"${text}"`);
}

test('as many bodies as it lets in, each as large as it takes them, are stored to the letter', async () => {
  for (const [round, escape] of ['\\"', '\\n', '\\u0001'].entries()) {
    const bodies = Array.from({ length: declared.maxInFlight }, (_, index) => full(1 + round * 1000 + index, escape));
    const answers = await Promise.all(bodies.map((body) => deliver(origin, body)));
    // Under load some may be told to come again; none is lost, and the task lives.
    for (const [index, { status }] of answers.entries()) {
      if (status === 503) assert.equal((await deliver(origin, bodies[index]!)).status, 200);
      else assert.equal(status, 200);
    }
    const stored = await world.database.sql<{ body: string }>(
      'SELECT body FROM evenkeel.inbox WHERE update_id >= $1 AND update_id < $2 ORDER BY update_id',
      [1 + round * 1000, 1000 + round * 1000],
    );
    assert.deepEqual(
      stored.map(({ body }) => body.length),
      bodies.map((body) => body.length),
    );
    assert.equal(stored[0]!.body, bodies[0]);
  }
});
