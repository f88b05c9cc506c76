/** Entities that Telegram finds by itself in any text. */
import type { MessageEntity } from '../../../contract/index.ts';

const DETECTORS: [type: string, pattern: RegExp][] = [
  ['bot_command', /(?<![\w/])\/[a-z0-9_]{1,64}(?:@\w{3,32})?(?![\w/])/gi],
  ['email', /(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g],
  [
    'url',
    /\b(?:https?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)\]}]|(?:[a-z0-9-]+\.)+(?:com|org|net|io|dev|me|ru|example)\b(?:\/[^\s<>"']*[^\s<>"'.,;:!?)\]}])?)/gi,
  ],
  ['mention', /(?<![\w@/])@[a-z]\w{2,31}\b/gi],
  ['hashtag', /(?<![\w#&])#[\p{L}\p{N}_]*[\p{L}_][\p{L}\p{N}_]*/gu],
];

/** Most texts have nothing to find; this keeps them cheap. */
const MAYBE = /[/@#]|\.\p{L}/u;

/** What Telegram would mark in `text` outside of `taken`. */
export function detectEntities(text: string, taken: readonly MessageEntity[] = []): MessageEntity[] {
  if (!MAYBE.test(text)) return [];
  const found: MessageEntity[] = [];
  const overlaps = (offset: number, length: number) => (entity: MessageEntity) =>
    offset < entity.offset + entity.length && entity.offset < offset + length;
  const opaque = taken.filter((entity) => ['code', 'pre', 'text_link'].includes(entity.type));
  for (const [type, pattern] of DETECTORS)
    for (const { index: offset, 0: match } of text.matchAll(pattern))
      if (!found.some(overlaps(offset, match.length)) && !opaque.some(overlaps(offset, match.length)))
        found.push({ type, offset, length: match.length });
  return found;
}
