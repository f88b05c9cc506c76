import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { withValue } from '../../posture/path.ts';
import { jsonSchema, PostureError, resolve } from '../../posture/resolve.ts';
import { postureSchema } from '../../posture/schema/index.ts';

function refusal(path: string, value: unknown): string {
  try {
    resolve(withValue({}, path, value));
  } catch (error) {
    assert.ok(error instanceof PostureError);
    assert.ok(error.problems.every((line) => !line.includes('\n')));
    // More tasks at least than can be are also more than at most: a line of its own, after this one.
    const own = error.problems.filter((line) => line.startsWith(`${path}`));
    assert.equal(own.length, 1, error.message);
    return own[0]!;
  }
  assert.fail(`${path} takes ${String(value)}`);
}

interface Node {
  properties?: Record<string, Node>;
  type?: string;
  pattern?: string;
  description?: string;
  minimum?: number;
  maximum?: number;
  least?: string;
  most?: string;
}

/** Every value of the schema that is no section, by its path. */
function leaves(node: Node, path: string[] = []): [path: string, node: Node][] {
  if (!node.properties) return [[path.join('.'), node]];
  return Object.entries(node.properties).flatMap(([key, child]) => leaves(child, [...path, key]));
}

const all = leaves(z.toJSONSchema(postureSchema, { io: 'input' }) as Node);
const quantities = all.filter(([, { least }]) => least !== undefined);
const counts = all.filter(([, { type }]) => type === 'integer');

/** Just beyond a bound as written, in its own unit. */
const beyond = (bound: string, by: 1 | -1): string => {
  const [, value = '', unit = ''] = /^([\d.]+)(.*)$/.exec(bound)!;
  return `${Number(value) + by * (unit === 'ms' ? 1 : 0.5)}${unit}`;
};

describe('bounds', () => {
  it('are on every quantity and every count', () => {
    assert.ok(quantities.length > 55);
    assert.ok(counts.length > 20);
    const patterned = all.filter(([, { pattern }]) => pattern?.includes('ms|s|m') || pattern?.includes('%'));
    for (const [path, { least }] of patterned) assert.ok(least, path);
    for (const [path, { minimum, maximum }] of counts) {
      assert.ok(minimum !== undefined && minimum >= 0, path);
      assert.ok(maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER, path);
    }
  });

  it('refuse what lies beyond in one line that names key, value and bound', () => {
    for (const [path, { least, most }] of quantities) {
      for (const [bound, word, by] of [
        [least!, 'at least', -1],
        [most!, 'at most', 1],
      ] as const) {
        if (bound === '0s' || bound === '0%') continue;
        const value = beyond(bound, by);
        assert.ok(refusal(path, value).startsWith(`${path}: "${value}" is not accepted: ${word} ${bound}`), path);
      }
    }
    for (const [path, { minimum, maximum }] of counts) {
      assert.equal(refusal(path, minimum! - 1), `${path}: ${minimum! - 1} is not accepted: at least ${minimum}`);
      assert.equal(refusal(path, maximum! + 1), `${path}: ${maximum! + 1} is not accepted: at most ${maximum}`);
    }
  });

  it('are told to whoever writes in an editor', () => {
    const told = new Map(leaves(jsonSchema() as Node));
    assert.match(told.get('web.bodyLimit')!.description!, /refused with 413\. From 128KiB to 4MiB: .+\.$/);
    for (const [path, { least, most }] of quantities) {
      assert.ok(told.get(path)!.description!.includes(`From ${least} to ${most}`), path);
      assert.equal(told.get(path)!.least, undefined);
    }
  });

  it('refuse each value with which a task did not run, or ran against what its posture proves', () => {
    const broken: [path: string, value: string, wanted: RegExp][] = [
      ['jobs.chat.turn', '0s', /at least 10ms/],
      ['jobs.preCheckout.turn', '1ms', /at least 10ms/],
      ['providers.telegram.breaker.failureRate', '0%', /at least 1% \(at 0% it would open without a failure/],
      ['providers.openrouter.breaker.failureRate', '100%', /at most 99%/],
      ['providers.openrouter.breaker.failureRate', '300%', /at most 99%/],
      ['web.bodyLimit', '0B', /at least 128KiB \(a long text/],
      ['web.bodyLimit', '100B', /at least 128KiB/],
      ['providers.telegram.timeout', '0s', /at least 100ms/],
      ['providers.openrouter.timeout', '1ms', /at least 100ms/],
      ['database.timeouts.lock', '0s', /at least 50ms \(zero would mean no limit\)/],
      ['database.timeouts.connect', '0s', /at least 100ms \(zero would mean no limit\)/],
      ['database.timeouts.maxLifetime', '0s', /at least 10s \(zero would mean for ever/],
      ['watchdog.maxLag', '0s', /at least 1s/],
      ['watchdog.maxLag', '50ms', /at least 1s/],
      ['lanes.poll', '0s', /at least 50ms/],
      ['lanes.touch', '0s', /at least 50ms/],
      ['database.retention.conversation', '0s', /at least 1d \(an update that is repeated/],
    ];
    for (const [path, value, wanted] of broken) assert.match(refusal(path, value), wanted);
  });
});

describe('a value of another kind', () => {
  it('is refused in words for people, with what is allowed', () => {
    assert.equal(refusal('worker.cpu', 300), 'worker.cpu: 300 is not accepted: one of 256, 512, 1024, 2048, 4096');
    assert.equal(refusal('worker.pool', 2.5), 'worker.pool: 2.5 is not accepted: a whole number');
    assert.equal(refusal('worker.pool', 'many'), 'worker.pool: "many" is not accepted: a number');
    assert.equal(
      refusal('database.timeouts', 5),
      'database.timeouts: 5 is not accepted: a section, in which may stand connect, acquire, statement, lock, query, idleInTransaction, maxLifetime',
    );
    assert.equal(
      refusal('network.egress', 'none'),
      'network.egress: "none" is not accepted: one of "public", "nat", "endpoints"',
    );
    assert.equal(refusal('database.multiAz', 'yes'), 'database.multiAz: "yes" is not accepted: true or false');
    assert.equal(
      refusal('telegram.allowedUpdates', []),
      'telegram.allowedUpdates: [] is not accepted: at least 1 entries',
    );
    assert.match(
      refusal('oncall.emails', ['oncall']),
      /^oncall\.emails\.0: "oncall" is not accepted: an e-mail address/,
    );
    assert.match(refusal('oncall.https', ['http://x']), /an address that begins with https:\/\/$/);
  });

  it('is a slip only where it is near: other words are not guessed at', () => {
    assert.match(refusal('worker.poool', 8), /^worker\.poool: unknown key; did you mean "pool"\? Known here: /);
    for (const path of ['telegram.foo', 'worker.foo'])
      assert.match(refusal(path, 1), /^\w+\.foo: unknown key; known here: /);
  });
});
