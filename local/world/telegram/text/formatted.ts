/** A text with its markup, from what a method was given. */
import type { MessageEntity } from '../../../contract/index.ts';
import { badRequest } from '../errors.ts';
import { isRecord, structure, text as textParam, type Params } from '../params.ts';
import { detectEntities } from './detect.ts';
import { parseHtml } from './html.ts';
import type { Formatted } from './link.ts';
import { parseMarkdownV2 } from './markdown-v2.ts';

/** Bot API: "1-4096 characters after entities parsing". */
const LONGEST = 4096;

/** Before it is read, bytes (source: telegram-bot-api, get_formatted_text). */
const LONGEST_SOURCE = 32_768;

/** What Telegram takes for no text at all (source: td, strip_empty_characters, and control characters). */
const BLANK = /^[\s\p{Cc}\u180e\u2000-\u200f\u202a-\u202f\u205f-\u2064\u2800\u3000\ufeff\ufffc]*$/u;

/** Reads `text`, `parse_mode` and `entities`. @throws ApiError 400 */
export function formattedText(params: Params): Formatted {
  const source = textParam(params, 'text');
  if (Buffer.byteLength(source) > LONGEST_SOURCE) throw badRequest('text is too long');
  const parsed = trim(parse(source, params));
  if (BLANK.test(parsed.text)) throw badRequest('message text is empty');
  if (parsed.text.length > LONGEST) throw badRequest('message is too long');
  const entities = parsed.entities.concat(detectEntities(parsed.text, parsed.entities));
  if (entities.length > 1) entities.sort((a, b) => a.offset - b.offset || b.length - a.length);
  return { text: parsed.text, entities };
}

function parse(source: string, params: Params): Formatted {
  const mode = textParam(params, 'parse_mode').toLowerCase();
  if (mode === 'html') return parseHtml(source);
  if (mode === 'markdownv2') return parseMarkdownV2(source);
  if (mode !== '' && mode !== 'none') throw badRequest('unsupported parse_mode');
  return { text: source, entities: given(structure(params, 'entities'), source.length) };
}

function given(value: unknown, length: number): MessageEntity[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw badRequest("can't parse entities: expected an Array");
  return value.map((entity: unknown) => {
    if (!isRecord(entity) || typeof entity['type'] !== 'string')
      throw badRequest("can't parse entities: expected an Object with a type");
    const { type, offset, length: size } = entity as { type: string; offset: unknown; length: unknown };
    if (typeof offset !== 'number' || typeof size !== 'number' || offset < 0 || size <= 0 || offset + size > length)
      throw badRequest(`can't parse entities: entity "${type}" lies outside of the text`);
    return {
      type,
      offset,
      length: size,
      ...(typeof entity['url'] === 'string' && { url: entity['url'] }),
      ...(typeof entity['language'] === 'string' && { language: entity['language'] }),
      ...(typeof entity['custom_emoji_id'] === 'string' && { custom_emoji_id: entity['custom_emoji_id'] }),
    };
  });
}

/** Telegram cuts white space at both ends; entities move and shrink with it. */
function trim({ text, entities }: Formatted): Formatted {
  const trimmed = text.trim();
  if (trimmed.length === text.length) return { text, entities };
  const removed = text.length - text.trimStart().length;
  const moved = entities.map((entity) => {
    const begin = Math.max(0, entity.offset - removed);
    const end = Math.min(trimmed.length, entity.offset + entity.length - removed);
    return { ...entity, offset: begin, length: end - begin };
  });
  return { text: trimmed, entities: moved.filter((entity) => entity.length > 0) };
}
