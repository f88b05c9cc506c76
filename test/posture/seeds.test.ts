/** The postures of the field reports, in the words of this schema: each is refused, by the law against its fault. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { prove } from '../../posture/laws/index.ts';
import { resolve } from '../../posture/resolve.ts';
import type { PostureInput } from '../../posture/schema/index.ts';

const brokenBy = (values: PostureInput): Record<string, string> =>
  Object.fromEntries(prove(resolve(values)).violations.map(({ law, line }) => [law, line]));

/** A server of this many connections without a managed service's share. */
const server = (maxConnections: number) => ({ maxConnections, superuserReserved: 1, serviceReserved: 0 });

describe('the postures of the field reports are refused', () => {
  it('15 connections where six periodic workers and 20 webhook handlers want 26', () => {
    const broken = brokenBy({
      database: { ...server(20), serviceReserved: 4, timeouts: { acquire: '10s', statement: '30s' } },
      web: { tasks: { min: 1, max: 1 }, pool: 20, maxInFlight: 20 },
      worker: { tasks: { min: 1, max: 1 }, pool: 6 },
      network: { zones: 1 },
    });
    assert.match(broken['connections.fit']!, /> 15 usable of 20/);
    // Waiting 10s for a connection and 30s for an answer is what made Telegram repeat itself.
    assert.match(broken['ack.in.time']!, /acquire 10s/);
    assert.match(broken['timeouts.nest']!, /statement 30s/);
  });

  it('10 + 20 connections in each of three processes, and 15 + 30 after the first repair', () => {
    for (const pool of [30, 45]) {
      const broken = brokenBy({
        database: server(100),
        worker: { tasks: { min: 3, max: 3 }, pool },
        network: { zones: 1 },
      });
      assert.match(broken['connections.fit']!, new RegExp(`worker 6×${pool + 1} \\+ 3×${pool + 1} stopping`));
    }
  });

  it('5 connections in each of three workers that all restart at once', () => {
    const broken = brokenBy({
      database: server(20),
      worker: { tasks: { min: 3, max: 3 }, pool: 5 },
      rollout: { minimumHealthy: '0%', surge: '100%' },
    });
    assert.match(broken['connections.fit']!, /> 19 usable of 20/);
    assert.match(broken['rollout.converges']!, /keeps 0 of/);
  });

  it('3 + 5 connections, one to a request, where 26 requests come', () => {
    const broken = brokenBy({
      database: server(20),
      telegram: { maxConnections: 26 },
      web: { tasks: { min: 1, max: 1 }, pool: 8, maxInFlight: 8 },
      network: { zones: 1 },
    });
    assert.match(broken['webhook.absorbs']!, /26 > \(1\) × web\.maxInFlight 8 = 8/);
    assert.match(broken['connections.fit']!, /> 19 usable of 20/);
  });

  it('a video that blocks its worker for two minutes', () => {
    const broken = brokenBy({ jobs: { chat: { handler: '2m' } } });
    assert.match(broken['drain.fits']!, /longest handler 120s/);
    assert.match(broken['alarms.detect']!, /lane-chat-age/);
  });

  it('ten messages of 10 kB each for every chat of a worker of 512 MB', () => {
    const broken = brokenBy({
      history: { characters: 100_000 },
      worker: { cpu: 256, memory: '512MiB' },
      jobs: { chat: { lanes: 500 } },
    });
    assert.ok(broken['memory.fits']);
    assert.ok(broken['history.bounded']);
  });

  it('a database on one host without a week of backups', () => {
    const broken = brokenBy({
      stage: 'production',
      oncall: { emails: ['oncall@example.com'] },
      database: { multiAz: false, backups: '1d' },
    });
    assert.ok(broken['recovery.declared']);
  });
});
