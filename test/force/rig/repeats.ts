/**
 * Which messages were sent again, and whether each of them had to be: Telegram's sends have no idempotency key, so the
 * one that a worker had under way when it was struck is the one that may come twice; and so may one whose answer came
 * later than the posture waits, as it does on a machine that is busy enough: then the worker has said so, and sends it
 * once more, as declared (`providers.telegram.ambiguous`).
 */
import assert from 'node:assert/strict';
import type { Blow, Rig } from './index.ts';
import type { Send } from './wire.ts';

/** What a frozen worker was about to write, it has written so soon after it goes on, ms. */
const THAW = 1_000;

export interface RepeatReport {
  /** Sends that were repeated. */
  repeats: number;
  /** At the blows: sends open at Telegram, and sends answered whose update was not settled yet. */
  open: number;
  unsettled: number;
  /** Repeats by a frozen worker itself, of what it was about to write. */
  thawed: number;
  /** Longest time from Telegram's answer to the blow among those repeated, ms. */
  longest: number;
  /** Sends repeated because nobody knew whether they had arrived. */
  ambiguous: number;
}

/**
 * `databaseUp`: it worked all the time, so what was answered before one wait for a connection and one statement is
 * settled, and must not come again.
 */
export async function assertRepeatsAreBounded(
  rig: Rig,
  { databaseUp }: { databaseUp: boolean },
): Promise<RepeatReport> {
  const settled = await settlements(rig);
  const unknown = unknownSends(rig);
  let ambiguous = 0;
  const chains = Map.groupBy(
    rig.sends.filter(({ delivered }) => delivered),
    ({ marker }) => marker,
  );
  const repeated = new Map<Blow, Send[]>();
  for (const [marker, chain] of chains) {
    for (const [index, send] of chain.slice(0, -1).entries()) {
      const next = chain[index + 1]!;
      const blow = rig.blows.find((candidate) => explains(candidate, send, next));
      if (!blow && unknown.delete(settled.get(marker)!.updateId)) {
        ambiguous += 1;
        continue;
      }
      assert.ok(blow, `ping-${marker} was sent twice without need: ${story(chain, rig)}`);
      repeated.set(blow, [...(repeated.get(blow) ?? []), send]);
    }
  }

  const { acquire, statement } = rig.world.posture.database.timeouts;
  const report: RepeatReport = { repeats: 0, open: 0, unsettled: 0, thawed: 0, longest: 0, ambiguous };
  for (const blow of rig.blows) {
    const exposed = [...chains.values()]
      .flat()
      .filter(
        ({ pid, openedAt, marker }) => pid === blow.pid && openedAt <= blow.until && settled.get(marker)!.at > blow.at,
      );
    const open = exposed.filter(({ answeredAt }) => answeredAt! > blow.at);
    const again = repeated.get(blow) ?? [];
    report.repeats += again.length;
    report.open += open.length;
    report.unsettled += exposed.length - open.length;
    const own = again.filter(({ pid }) => pid === blow.pid);
    assert.ok(own.length <= exposed.length, `${own.length} repeats of ${exposed.length} sends under way at a blow`);
    report.thawed += again.length - own.length;
    const chats = new Set(again.map(({ chatId }) => chatId));
    assert.equal(chats.size, again.length, 'a chat had more than its one send under way repeated');
    for (const { answeredAt, marker } of own) {
      const before = blow.at - answeredAt!;
      report.longest = Math.max(report.longest, before);
      if (databaseUp && before > acquire + statement)
        assert.fail(`ping-${marker} was not settled ${before} ms after its answer: ${story(chains.get(marker)!, rig)}`);
    }
  }
  return report;
}

/** Whether it is for this blow that `next` repeats `send`. */
function explains({ pid, at, until }: Blow, send: Send, next: Send): boolean {
  if (pid === send.pid) return send.openedAt <= until && at <= next.openedAt;
  // Frozen between its last look at the lease and the first byte on the wire: sent when it goes on, as by a slow network.
  const thawing = next.openedAt >= until && next.openedAt <= until + THAW;
  return pid === next.pid && thawing && send.openedAt >= at && send.openedAt <= until;
}

/** Updates of which a worker has said that it does not know whether their send arrived: each may be sent once more. */
function unknownSends({ workers }: Rig): Set<number> {
  const logs = workers.flatMap(({ task, predecessors }) => [...predecessors, task].flatMap((each) => each.logs));
  return new Set(
    logs.flatMap(({ reason, updateId }) => (/nobody knows whether/.test(String(reason)) ? [Number(updateId)] : [])),
  );
}

/** Which update each text was of, by the number in the text, and when it was settled; ms since the epoch. */
async function settlements({ ask }: Rig): Promise<Map<number, { updateId: number; at: number }>> {
  const rows = await ask<{ marker: number; updateId: number; at: number }>(
    `SELECT substring(text FROM 'ping-(\\d+)')::int AS marker, update_id::float8 AS "updateId",
       (extract(epoch FROM settled_at) * 1000)::float8 AS at
     FROM evenkeel.message JOIN evenkeel.inbox USING (bot_id, update_id) WHERE role = 'user'`,
  );
  return new Map(rows.map(({ marker, updateId, at }) => [marker, { updateId, at }]));
}

function story(chain: Send[], { blows }: Rig): string {
  const from = chain[0]!.openedAt;
  const sends = chain.map(
    ({ pid, chatId, openedAt, answeredAt }) =>
      `${pid} in chat ${chatId} at ${openedAt - from}–${answeredAt! - from} ms`,
  );
  return `${sends.join('; ')}; blows: ${blows.map(({ pid, at }) => `${pid} at ${at - from} ms`).join(', ') || 'none'}`;
}
