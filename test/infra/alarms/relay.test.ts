import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { createRelay, NotRelayed, type Notification } from '../../../infra/aws/alarms/relay/handler.ts';
import { messageOf } from '../../../infra/aws/alarms/relay/message.ts';

const TOKEN = '987654:AA-token-of-the-oncall-bot';

const alarm = (state: string) =>
  JSON.stringify({
    AlarmName: 'evenkeel-prod-lane-chat-age',
    AlarmDescription: "The oldest of the users' messages … Runbook: docs/runbooks/lane-chat-age.md",
    NewStateValue: state,
    NewStateReason: 'Threshold Crossed: 2 datapoints were greater than the threshold (65.0).',
    StateChangeTime: '2026-11-24T03:12:00.000+0000',
    OldStateValue: 'OK',
  });

const notification = (...messages: string[]): Notification => ({
  Records: messages.map((Message) => ({ Sns: { Message } })),
});

interface Telegram {
  url: string;
  sent: { path: string; body: { chat_id: string; text: string } }[];
}

async function telegram(
  t: TestContext,
  answer: (response: import('node:http').ServerResponse) => void,
): Promise<Telegram> {
  const seen: Telegram = { url: '', sent: [] };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as { chat_id: string; text: string };
      seen.sent.push({ path: request.url ?? '', body });
      answer(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  seen.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return seen;
}

const relayTo = (apiRoot: string, timeout = 2000) =>
  createRelay({ apiRoot, chat: '-100123', readToken: async () => TOKEN, timeout });

test('a page reaches the chat with what is wrong, why, and its runbook', async (t) => {
  const server = await telegram(t, (response) => response.end('{"ok":true}'));
  await relayTo(server.url)(notification(alarm('ALARM')));
  assert.equal(server.sent[0]?.path, `/bot${TOKEN}/sendMessage`);
  assert.equal(server.sent[0].body.chat_id, '-100123');
  const { text } = server.sent[0].body;
  for (const part of ['🔴 ALARM evenkeel-prod-lane-chat-age', 'docs/runbooks/lane-chat-age.md', 'Threshold Crossed'])
    assert.ok(text.includes(part), text);
});

test('several notifications arrive in their order; the end is one line', async (t) => {
  const server = await telegram(t, (response) => response.end('{"ok":true}'));
  await relayTo(server.url)(notification(alarm('ALARM'), alarm('OK')));
  assert.deepEqual(
    server.sent.map(({ body }) => body.text.split('\n')[0]),
    ['🔴 ALARM evenkeel-prod-lane-chat-age', '🟢 OK evenkeel-prod-lane-chat-age'],
  );
  assert.equal(server.sent[1]?.body.text.split('\n').length, 1);
});

test('what Telegram does not take is an error that says why, without the token: Lambda tries again and counts it', async (t) => {
  const server = await telegram(t, (response) =>
    response.writeHead(403).end('{"ok":false,"description":"Forbidden: bot was kicked"}'),
  );
  await assert.rejects(relayTo(server.url)(notification(alarm('ALARM'))), (error: unknown) => {
    assert.ok(error instanceof NotRelayed);
    assert.match(error.message, /403.*kicked/);
    assert.ok(!error.message.includes(TOKEN));
    return true;
  });
});

test('a Telegram that hangs is an error after the deadline', async (t) => {
  const server = await telegram(t, () => undefined);
  await assert.rejects(relayTo(server.url, 100)(notification(alarm('ALARM'))), /no answer within 100 ms/);
});

test('events of the database, failed deployments and plain texts are readable; nothing is longer than a message may be', () => {
  assert.equal(
    messageOf(JSON.stringify({ 'Event Message': 'Multi-AZ instance failover started.', 'Source ID': 'evenkeel-prod' })),
    '🗄 evenkeel-prod: Multi-AZ instance failover started.',
  );
  const deployment = {
    'detail-type': 'ECS Deployment State Change',
    resources: ['arn:aws:ecs:eu-central-1:1:service/evenkeel-prod/web'],
    detail: { eventName: 'SERVICE_DEPLOYMENT_FAILED', reason: 'tasks failed to start.' },
  };
  assert.match(messageOf(JSON.stringify(deployment))!, /SERVICE_DEPLOYMENT_FAILED\n.*\/web\ntasks failed to start\./);
  assert.equal(messageOf('test of the relay'), 'test of the relay');
  assert.equal(messageOf('{"some":"json"}'), '{"some":"json"}');
  assert.equal(messageOf('x'.repeat(5000))?.length, 4096);
});

test('the end of what had never begun is no news: each alarm says it once, at its birth', () => {
  const ended = (before: string) =>
    messageOf(
      JSON.stringify({
        AlarmName: 'a',
        OldStateValue: before,
        NewStateValue: 'OK',
        NewStateReason: 'r',
        StateChangeTime: 't',
      }),
    );
  assert.equal(ended('INSUFFICIENT_DATA'), undefined);
  assert.equal(ended('ALARM'), '🟢 OK a');
});
