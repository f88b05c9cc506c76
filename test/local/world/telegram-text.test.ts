import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MessageEntity } from '../../../local/contract/index.ts';
import { refuse, succeed, telegramFor, type Call } from './helpers.ts';

const CHAT = 42;

/** `type:marked text` of each entity that the stored message has. */
function marked(text: string, entities: MessageEntity[] = []): string[] {
  return entities.map(({ type, offset, length, url, language, custom_emoji_id }) =>
    [type, text.slice(offset, offset + length), url ?? language ?? custom_emoji_id].filter(Boolean).join(':'),
  );
}

async function send(call: Call, params: object): Promise<[string, string[]]> {
  const sent = await succeed<{ text: string; entities?: MessageEntity[] }>(call, 'sendMessage', {
    chat_id: CHAT,
    ...params,
  });
  return [sent.text, marked(sent.text, sent.entities)];
}

const HTML: [source: string, text: string, entities: string[]][] = [
  ['<b>bold</b> and <i>italic</i>', 'bold and italic', ['bold:bold', 'italic:italic']],
  ['<strong>a<em>b</em></strong>', 'ab', ['bold:ab', 'italic:b']],
  [
    '<u>u</u><ins>v</ins><s>s</s><del>d</del>',
    'uvsd',
    ['underline:u', 'underline:v', 'strikethrough:s', 'strikethrough:d'],
  ],
  ['<a href="https://example.com/?a=1&amp;b=2">link</a>', 'link', ['text_link:link:https://example.com/?a=1&b=2']],
  ['<pre><code class="language-sql">select 1</code></pre>', 'select 1', ['pre:select 1:sql']],
  ['<pre>x &lt; y</pre> <code>z</code>', 'x < y z', ['pre:x < y', 'code:z']],
  ['<tg-spoiler>s</tg-spoiler><span class="tg-spoiler">t</span>', 'st', ['spoiler:s', 'spoiler:t']],
  ['<blockquote expandable>q</blockquote>', 'q', ['expandable_blockquote:q']],
  ['<tg-emoji emoji-id="5368">👍</tg-emoji>', '👍', ['custom_emoji:👍:5368']],
  ['👋 <b>wave</b> &#128075;&quot;', '👋 wave 👋"', ['bold:wave']],
  ['  <b> padded</b>', 'padded', ['bold:padded']],
];

const MARKDOWN: [source: string, text: string, entities: string[]][] = [
  ['*bold* _italic_ __underline__', 'bold italic underline', ['bold:bold', 'italic:italic', 'underline:underline']],
  ['~gone~ ||hidden|| `code`', 'gone hidden code', ['strikethrough:gone', 'spoiler:hidden', 'code:code']],
  ['*bold _both_*', 'bold both', ['bold:bold both', 'italic:both']],
  ['[link](https://example.com/\\)x)', 'link', ['text_link:link:https://example.com/)x']],
  ['```js\nlet a = [1];\n```', 'let a = [1];', ['pre:let a = [1];:js']],
  ['1\\. done\\!', '1. done!', []],
  ['>quoted\n>more\nafter', 'quoted\nmore\nafter', ['blockquote:quoted\nmore\n']],
  ['👋 *wave*', '👋 wave', ['bold:wave']],
  ['![👍](tg://emoji?id=5368)', '👍', ['custom_emoji:👍:5368']],
];

for (const [mode, cases] of Object.entries({ HTML, MarkdownV2: MARKDOWN }))
  test(`${mode} becomes text and entities`, async (t) => {
    const { telegram, call } = await telegramFor(t);
    telegram.open(CHAT);
    for (const [source, text, entities] of cases)
      assert.deepEqual(await send(call, { text: source, parse_mode: mode }), [text, entities], source);
  });

test('malformed markup is refused with its place', async (t) => {
  const { telegram, call } = await telegramFor(t);
  telegram.open(CHAT);
  const bad = (parse_mode: string, text: string, words: RegExp) =>
    refuse(call, 'sendMessage', { chat_id: CHAT, parse_mode, text }, 400, words);
  await bad('HTML', 'é<b>open', /can't parse entities: Can't find end tag corresponding to start tag "b"/);
  await bad('HTML', 'é<x>y</x>', /Unsupported start tag "x" at byte offset 2/);
  await bad('HTML', '<b>x</i>', /Unmatched end tag at byte offset 4, expected "<\/b>", found "<\/i>"/);
  await bad('HTML', 'a < b', /Unclosed start tag at byte offset 2/);
  await bad('HTML', 'x</b>', /Unexpected end tag at byte offset 1/);
  await bad('MarkdownV2', 'end.', /Character '.' is reserved and must be escaped with the preceding '\\'/);
  await bad('MarkdownV2', 'é*open', /Can't find end of Bold entity at byte offset 2/);
  await bad('MarkdownV2', '[x](y', /Can't find end of a URL at byte offset 4/);
});

test('entities can be given outright, inside the text only', async (t) => {
  const { telegram, call } = await telegramFor(t);
  telegram.open(CHAT);
  const entities = [{ type: 'bold', offset: 0, length: 2 }];
  assert.deepEqual(await send(call, { text: 'so it is', entities }), ['so it is', ['bold:so']]);
  await refuse(call, 'sendMessage', { chat_id: CHAT, text: 's', entities }, 400, /lies outside of the text/);
});

test('commands, links, mentions, hashtags and addresses are found in texts, but not in code', async (t) => {
  const { telegram, call } = await telegramFor(t);
  telegram.say(CHAT, '/start@trial_bot now');
  assert.deepEqual(marked('/start@trial_bot now', telegram.messages(CHAT)[0]?.entities), [
    'bot_command:/start@trial_bot',
  ]);
  const text = 'see https://example.com/a, ask @somebody or a@b.example about #topic and and/or 3/4';
  assert.deepEqual((await send(call, { text }))[1], [
    'url:https://example.com/a',
    'mention:@somebody',
    'email:a@b.example',
    'hashtag:#topic',
  ]);
  assert.deepEqual((await send(call, { text: '<code>/not https://example.com</code>', parse_mode: 'HTML' }))[1], [
    'code:/not https://example.com',
  ]);
});
