/** What an owner writes as it goes out: a text or a photo, with its formatting, its button, and changed where it arrived. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Message } from 'grammy/types';
import { callOf, content, contentOf } from '../../../app/features/broadcast/content.ts';

const message = (parts: object): Message => ({
  message_id: 1,
  date: 1,
  chat: { id: 1, type: 'private', first_name: 'Ada' },
  ...parts,
});
const size = (file_id: string) => ({ file_id, file_unique_id: file_id, width: 90, height: 90 });
const to = { category: 'service', language: 'en' } as const;

test('a photo goes out by the id of its largest size, with what stands under it and its formatting', () => {
  const bold = { type: 'bold', offset: 0, length: 4 };
  const link = { type: 'url', offset: 5, length: 11 };
  const written = contentOf(
    message({ photo: [size('small'), size('large')], caption: 'News example.org', caption_entities: [bold, link] }),
  )!;
  assert.deepEqual(written, { text: 'News example.org', html: false, entities: [bold], photo: 'large' });
  assert.deepEqual(content.parse(JSON.parse(JSON.stringify(written))), written, 'it is kept as it is');
  assert.deepEqual(callOf(written, to), {
    method: 'sendPhoto',
    payload: { photo: 'large', caption: 'News example.org', caption_entities: [bold] },
  });
  const { method, payload } = callOf(written, { ...to, category: 'news', edits: 7 });
  assert.equal(method, 'editMessageCaption');
  assert.deepEqual(
    [payload['message_id'], payload['caption'], payload['photo'], 'reply_markup' in payload],
    [7, 'News example.org', undefined, true],
  );
});

test('under a photo may stand HTML, or nothing', () => {
  const html = contentOf(message({ photo: [size('one')], caption: '<b>News</b>' }))!;
  assert.deepEqual(callOf(html, to).payload, { photo: 'one', caption: '<b>News</b>', parse_mode: 'HTML' });
  const bare = contentOf(message({ photo: [size('one')] }))!;
  assert.deepEqual(callOf(bare, to), { method: 'sendPhoto', payload: { photo: 'one' } });
});

test('what is neither a text nor a photo is nothing that can be sent', () => {
  assert.equal(contentOf(message({ sticker: { file_id: 'x' } })), undefined);
  assert.deepEqual(callOf(contentOf(message({ text: '1 < 2' }))!, to), {
    method: 'sendMessage',
    payload: { text: '1 < 2' },
  });
});
