/** parse_mode HTML, as TDLib reads it (td/telegram/MessageEntity.cpp: parse_html). */
import type { MessageEntity } from '../../../contract/index.ts';
import { badRequest } from '../errors.ts';
import { linkEntity, type Formatted } from './link.ts';

const TYPES: Record<string, string> = {
  b: 'bold',
  strong: 'bold',
  i: 'italic',
  em: 'italic',
  u: 'underline',
  ins: 'underline',
  s: 'strikethrough',
  strike: 'strikethrough',
  del: 'strikethrough',
  'tg-spoiler': 'spoiler',
  span: 'spoiler',
  'tg-emoji': 'custom_emoji',
  a: 'text_link',
  code: 'code',
  pre: 'pre',
  blockquote: 'blockquote',
};

const NAMED: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"' };

interface OpenTag {
  name: string;
  argument: string;
  offset: number;
}

/** @throws ApiError 400 "can't parse entities: …" with the byte offset at fault */
export function parseHtml(source: string): Formatted {
  const entities: MessageEntity[] = [];
  const open: OpenTag[] = [];
  let text = '';
  const tag = /<(\/?)([^\s>]*)((?:[^>"']|"[^"]*"|'[^']*')*)(>?)/y;
  for (let at = 0; at < source.length;) {
    const next = source.indexOf('<', at);
    text += decode(source.slice(at, next === -1 ? undefined : next));
    if (next === -1) break;
    tag.lastIndex = next;
    const [whole, slash, rawName, attributes, end] = tag.exec(source) as unknown as [
      string,
      string,
      string,
      string,
      string,
    ];
    const offset = () => Buffer.byteLength(source.slice(0, next));
    if (!end) throw unparsable(`Unclosed ${slash ? 'end' : 'start'} tag at byte offset ${offset()}`);
    const name = rawName.toLowerCase();
    if (slash) close(open.pop(), name, text, entities, offset);
    else open.push({ name, argument: argumentOf(name, attributes, offset), offset: text.length });
    at = next + whole.length;
  }
  const left = open.pop();
  if (left) throw unparsable(`Can't find end tag corresponding to start tag "${left.name}"`);
  return { text, entities };
}

function argumentOf(name: string, attributes: string, offset: () => number): string {
  if (!(name in TYPES)) throw unparsable(`Unsupported start tag "${name}" at byte offset ${offset()}`);
  const values: Record<string, string> = {};
  for (const [, key, a, b, bare] of attributes.matchAll(/([^\s=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([\w.-]*)))?/g))
    values[key!] = decode(a ?? b ?? bare?.toLowerCase() ?? '');
  const className = values['class'] ?? '';
  if (name === 'span' && className !== 'tg-spoiler')
    throw unparsable(`Tag "span" must have class "tg-spoiler" at byte offset ${offset()}`);
  if (name === 'a') return values['href'] ?? '';
  if (name === 'code') return className.startsWith('language-') ? className.slice('language-'.length) : '';
  if (name === 'tg-emoji') return values['emoji-id'] ?? '';
  return name === 'blockquote' && 'expandable' in values ? 'expandable' : '';
}

function close(
  tag: OpenTag | undefined,
  name: string,
  text: string,
  entities: MessageEntity[],
  offset: () => number,
): void {
  if (!tag) throw unparsable(`Unexpected end tag at byte offset ${offset()}`);
  if (name && name !== tag.name)
    throw unparsable(`Unmatched end tag at byte offset ${offset()}, expected "</${tag.name}>", found "</${name}>"`);
  const place = { offset: tag.offset, length: text.length - tag.offset };
  if (place.length === 0) return;
  const entity = entityOf(tag, text, place);
  if (!entity) return;
  if (entity.type === 'pre' || entity.type === 'code') pushCode(entity, entities);
  else entities.push(entity);
}

function entityOf(tag: OpenTag, text: string, place: { offset: number; length: number }): MessageEntity | undefined {
  const type = TYPES[tag.name]!;
  if (type === 'text_link') return linkEntity(tag.argument || text.slice(place.offset), place);
  if (type === 'custom_emoji') {
    if (!/^[1-9]\d*$/.test(tag.argument)) throw unparsable('Invalid custom emoji identifier specified');
    return { type, ...place, custom_emoji_id: tag.argument };
  }
  if (type === 'code' && tag.argument) return { type, ...place, language: tag.argument };
  return { type: tag.argument === 'expandable' ? 'expandable_blockquote' : type, ...place };
}

/** `<pre><code class="language-x">` and its inversion become one entity with a language. */
function pushCode(entity: MessageEntity, entities: MessageEntity[]): void {
  const inner = entities.at(-1);
  const language = entity.language ?? inner?.language;
  const nested =
    inner &&
    inner.offset === entity.offset &&
    inner.length === entity.length &&
    inner.type === (entity.type === 'pre' ? 'code' : 'pre');
  if (nested && language) {
    inner.type = 'pre';
    inner.language = language;
  } else entities.push(entity);
}

function decode(source: string): string {
  if (!source.includes('&')) return source;
  return source.replace(
    /&(?:#x([\da-f]{1,6})|#(\d{1,7})|(lt|gt|amp|quot)(?![a-z]));?/gi,
    (whole, hex, decimal, named) => {
      if (named) return NAMED[named as string] ?? whole;
      const code = hex ? Number.parseInt(hex as string, 16) : Number.parseInt(decimal as string, 10);
      return code > 0 && code < 0x10_ff_ff ? String.fromCodePoint(code) : whole;
    },
  );
}

const unparsable = (what: string) => badRequest(`can't parse entities: ${what}`);
