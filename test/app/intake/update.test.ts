import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseUpdate } from '../../../app/intake/update.ts';
import { UPDATE_TYPES } from '../../../posture/schema/edge.ts';

const BOT = 42;
const chat = { id: -1001234567890, type: 'supergroup' };
const from = { id: 77, is_bot: false, first_name: 'Ada' };
const message = { message_id: 5, date: 1, chat, from, text: 'hi' };

/** What Bot API says each type of update holds, and the lane that keeps its order. */
const TYPES: Record<(typeof UPDATE_TYPES)[number], { body: unknown; lane: string }> = {
  message: { body: message, lane: '42:-1001234567890' },
  edited_message: { body: message, lane: '42:-1001234567890' },
  channel_post: { body: { message_id: 5, date: 1, chat, sender_chat: { id: 9 } }, lane: '42:-1001234567890' },
  edited_channel_post: { body: { message_id: 5, date: 1, chat }, lane: '42:-1001234567890' },
  business_connection: { body: { id: 'b', user: from, user_chat_id: 78, date: 1 }, lane: '42:77' },
  business_message: { body: { ...message, business_connection_id: 'b' }, lane: '42:-1001234567890' },
  edited_business_message: { body: { ...message, business_connection_id: 'b' }, lane: '42:-1001234567890' },
  deleted_business_messages: {
    body: { business_connection_id: 'b', chat, message_ids: [5] },
    lane: '42:-1001234567890',
  },
  message_reaction: { body: { chat, message_id: 5, user: from, date: 1 }, lane: '42:-1001234567890' },
  message_reaction_count: { body: { chat, message_id: 5, date: 1, reactions: [] }, lane: '42:-1001234567890' },
  inline_query: { body: { id: 'q', from, query: 'x', offset: '' }, lane: '42:77' },
  chosen_inline_result: { body: { result_id: 'r', from, query: 'x' }, lane: '42:77' },
  callback_query: { body: { id: 'c', from, message, chat_instance: '1', data: 'help' }, lane: '42:-1001234567890' },
  shipping_query: { body: { id: 's', from, invoice_payload: 'p' }, lane: '42:77' },
  pre_checkout_query: { body: { id: 'p', from, currency: 'XTR', total_amount: 1 }, lane: '42:pre:1' },
  subscription: { body: { user: from, invoice_payload: 'p', state: 'canceled' }, lane: '42:pay:77' },
  purchased_paid_media: { body: { from, paid_media_payload: 'p' }, lane: '42:77' },
  poll: { body: { id: 'poll', question: 'which', options: [] }, lane: '42:update:1' },
  poll_answer: { body: { poll_id: 'poll', user: from, option_ids: [0] }, lane: '42:77' },
  my_chat_member: { body: { chat, from, date: 1 }, lane: '42:-1001234567890' },
  chat_member: { body: { chat, from, date: 1 }, lane: '42:-1001234567890' },
  chat_join_request: { body: { chat, from, user_chat_id: 78, date: 1 }, lane: '42:-1001234567890' },
  chat_boost: { body: { chat, boost: { boost_id: 'b' } }, lane: '42:-1001234567890' },
  removed_chat_boost: { body: { chat, boost_id: 'b' }, lane: '42:-1001234567890' },
};

for (const type of UPDATE_TYPES) {
  test(`the lane of ${type}`, () => {
    const body = JSON.stringify({ update_id: 1, [type]: TYPES[type].body });
    const queue = type === 'pre_checkout_query' ? 'preCheckout' : type === 'subscription' ? 'payment' : 'chat';
    assert.deepEqual(parseUpdate(body, BOT), { updateId: 1, queue, lane: TYPES[type].lane, body });
  });
}

test('what was paid, or paid back, is in a lane of its payer, also where it was paid in a group', () => {
  for (const [held, lane] of [
    [{ ...message, successful_payment: {} }, '42:pay:77'],
    [{ ...message, chat: { id: 77, type: 'private' }, refunded_payment: {} }, '42:pay:77'],
  ] as const) {
    const parsed = parseUpdate(JSON.stringify({ update_id: 1, message: held }), BOT);
    assert.deepEqual([parsed?.queue, parsed?.lane], ['payment', lane]);
  }
  // A shape that nobody knows is kept like any other.
  const nobody = parseUpdate(JSON.stringify({ update_id: 1, message: { chat, successful_payment: {} } }), BOT);
  assert.deepEqual([nobody?.queue, nobody?.lane], ['chat', '42:-1001234567890']);
});

test('a tap on a button of an inline message, which has no chat, is in the lane of its sender', () => {
  const body = JSON.stringify({ update_id: 1, callback_query: { id: 'c', from, inline_message_id: 'i', data: 'x' } });
  assert.equal(parseUpdate(body, BOT)?.lane, '42:77');
});

test('an anonymous vote in the name of a chat is in a lane of that chat', () => {
  const body = JSON.stringify({
    update_id: 1,
    poll_answer: { poll_id: 'p', voter_chat: chat, user: from, option_ids: [] },
  });
  assert.equal(parseUpdate(body, BOT)?.queue, 'chat');
});

test('a type that nobody knows yet is stored, in the lane of its chat or sender where it has one', () => {
  for (const [held, lane] of [
    [{ chat, whatever: [1] }, '42:-1001234567890'],
    [{ from }, '42:77'],
    [{ user: from }, '42:77'],
    [{}, '42:update:1'],
    ['text', '42:update:1'],
    [null, '42:update:1'],
    [[{ chat }], '42:update:1'],
    [{ chat: 'no object' }, '42:update:1'],
    [{ chat: { id: 'no number' } }, '42:update:1'],
    [{ chat: { id: 1.5 } }, '42:update:1'],
  ] as const)
    assert.equal(parseUpdate(JSON.stringify({ update_id: 1, new_type: held }), BOT)?.lane, lane, JSON.stringify(held));
  assert.equal(parseUpdate('{"update_id":1}', BOT)?.lane, '42:update:1');
});

test('what is not an update is refused', () => {
  for (const body of [
    '',
    'null',
    '[]',
    '[{"update_id":1}]',
    '"text"',
    '7',
    '{}',
    '{"update_id":"1"}',
    '{"update_id":1.5}',
    '{"update_id":-1}',
    '{"update_id":null}',
    '{"update_id":9007199254740993}',
    '{"update_id":1',
    '{"update_id":1}{',
    '\u0000{"update_id":1}',
  ])
    assert.equal(parseUpdate(body, BOT), undefined, body);
});

test('for any JSON: it is either refused, or an update with its id whose body is kept to the letter', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom('update_id', 'message', 'callback_query', 'x', '__proto__'), fc.jsonValue()),
      fc.integer({ min: 0, max: 2 ** 40 }),
      (fields, updateId) => {
        const body = JSON.stringify({ ...fields, update_id: updateId });
        const parsed = parseUpdate(body, BOT);
        assert.equal(parsed?.updateId, updateId);
        assert.equal(parsed.body, body);
        assert.match(parsed.lane, /^42:(-?\d+|update:\d+|pre:\d+)$/);
      },
    ),
  );
  fc.assert(
    fc.property(fc.json(), (body) => {
      const parsed = parseUpdate(body, BOT);
      assert.ok(parsed === undefined || Number.isSafeInteger(parsed.updateId));
    }),
  );
});

test('nesting of any depth is an update like any other', () => {
  const depth = 100_000;
  const body = `{"update_id":1,"message":{"chat":{"id":3},"deep":${'['.repeat(depth)}${']'.repeat(depth)}}}`;
  assert.equal(parseUpdate(body, BOT)?.lane, '42:3');
});
