/** What a broadcast says: words with their formatting, as an owner wrote them or as HTML, perhaps under a photo. */
import type { Message, MessageEntity } from 'grammy/types';
import { z } from 'zod';
import type { Language } from '../../texts/index.ts';
import { isOptional } from './audience.ts';
import { texts } from './texts.ts';

/** As Telegram describes them; what it leaves out of one is not known here. */
const entities = z.array(z.looseObject({ type: z.string(), offset: z.int(), length: z.int() }));

export const content = z.strictObject({
  text: z.string(),
  /** Of `text`: one of the two, or neither. */
  html: z.boolean(),
  entities: entities.optional(),
  /** By its id, which Telegram gave to this bot. */
  photo: z.string().optional(),
});
export type Content = z.output<typeof content>;

const TAG = /<\/?[a-z][^<>]*>/i;

/** Undefined where there is nothing that can be sent. */
export function contentOf({
  text,
  caption,
  entities: ofText,
  caption_entities: ofCaption,
  photo,
}: Message): Content | undefined {
  const words = text ?? caption ?? '';
  const file = photo?.at(-1)?.file_id;
  if (words === '' && file === undefined) return undefined;
  const marked = (ofText ?? ofCaption ?? []).filter(({ type }) => FORMATTING.has(type));
  const html = marked.length === 0 && TAG.test(words);
  return {
    text: words,
    html,
    ...(marked.length > 0 && { entities: marked.map((entity) => ({ ...entity })) }),
    ...(file !== undefined && { photo: file }),
  };
}

/** What people choose; links, commands and names Telegram finds again by itself. */
const FORMATTING: ReadonlySet<string> = new Set([
  'bold',
  'italic',
  'underline',
  'strikethrough',
  'spoiler',
  'blockquote',
  'expandable_blockquote',
  'code',
  'pre',
  'text_link',
  'text_mention',
  'custom_emoji',
] satisfies MessageEntity['type'][]);

export interface Call {
  method: 'sendMessage' | 'sendPhoto' | 'editMessageText' | 'editMessageCaption';
  payload: Record<string, unknown>;
}

/** The button by which people end messages of its category. */
const fewer = (category: string, language: Language): object =>
  isOptional(category)
    ? {
        reply_markup: {
          inline_keyboard: [[{ text: texts.fewer(language), callback_data: `notify:off:${category}` }]],
        },
      }
    : {};

/** The call that says it, without the chat; with `edits`, in the place of that message. */
export function callOf(
  { text, html, entities: marked, photo }: Content,
  { category, language, edits }: { category: string; language: Language; edits?: number },
): Call {
  const key = photo === undefined ? 'text' : 'caption';
  const words = {
    ...(text !== '' && { [key]: text }),
    ...(html && { parse_mode: 'HTML' }),
    ...(marked && { [photo === undefined ? 'entities' : 'caption_entities']: marked }),
  };
  const common = { ...words, ...fewer(category, language) };
  if (edits === undefined)
    return photo === undefined
      ? { method: 'sendMessage', payload: common }
      : { method: 'sendPhoto', payload: { photo, ...common } };
  return {
    method: photo === undefined ? 'editMessageText' : 'editMessageCaption',
    payload: { ...common, message_id: edits },
  };
}

/** What stands there in the words that Telegram cannot read, in its own description of where; a few characters. */
export function unreadable(text: string, description: string): string {
  const offset = Number(/byte offset (\d+)/.exec(description)?.[1] ?? 0);
  const bytes = Buffer.from(text);
  return bytes
    .subarray(offset, offset + 24)
    .toString('utf8')
    .replaceAll('\uFFFD', '')
    .split('\n', 1)[0]!;
}
