/** parse_mode MarkdownV2, as TDLib reads it (td/telegram/MessageEntity.cpp: parse_markdown_v2). */
import type { MessageEntity } from '../../../contract/index.ts';
import { badRequest } from '../errors.ts';
import { linkEntity, type Formatted } from './link.ts';

const RESERVED = new Set('_*[]()~`>#+-=|{}.!\n');
/** What ends each entity; a blockquote ends with its last line. */
const ENDS: Record<string, string> = {
  bold: '*',
  italic: '_',
  underline: '__',
  strikethrough: '~',
  spoiler: '||',
  code: '`',
  pre: '```',
  text_link: ']',
  custom_emoji: ']',
};
/** Names in TDLib's messages. */
const NAMES: Record<string, string> = {
  text_link: 'TextUrl',
  custom_emoji: 'CustomEmoji',
  blockquote: 'BlockQuote',
  pre: 'Pre',
};

interface OpenEntity {
  type: string;
  /** In the resulting text. */
  offset: number;
  /** In the source. */
  begin: number;
  language?: string;
}

/** @throws ApiError 400 "can't parse entities: …" */
export function parseMarkdownV2(source: string): Formatted {
  return new Reader(source).read();
}

class Reader {
  readonly #source: string;
  readonly #entities: MessageEntity[] = [];
  readonly #open: OpenEntity[] = [];
  #text = '';
  #at = 0;
  #inQuote = false;

  constructor(source: string) {
    this.#source = source;
  }

  read(): Formatted {
    while (this.#at < this.#source.length) this.#step();
    if (this.#inQuote && this.#open.at(-1)?.type === 'blockquote') this.#emit(this.#open.pop()!);
    const left = this.#open.at(-1);
    if (left) throw this.#unclosed(left);
    return { text: this.#text, entities: this.#entities };
  }

  #step(): void {
    const character = this.#source[this.#at]!;
    if (character === '\\' && isEscapable(this.#source.charCodeAt(this.#at + 1))) {
      this.#text += this.#source[this.#at + 1];
      this.#at += 2;
      return;
    }
    const top = this.#open.at(-1);
    const inCode = top?.type === 'code' || top?.type === 'pre';
    if (inCode ? character !== '`' : !RESERVED.has(character)) {
      this.#text += character;
      this.#at++;
    } else if (character === '\n') this.#newLine();
    else if (top && this.#endsHere(top)) this.#end(top);
    else if (inCode) throw this.#mustEscape(character);
    else this.#begin(character);
  }

  #newLine(): void {
    const quoteGoesOn = this.#source[this.#at + 1] === '>';
    if (this.#inQuote && !quoteGoesOn) {
      const top = this.#open.at(-1)!;
      if (top.type !== 'blockquote') throw this.#unclosed(top);
      this.#text += '\n';
      this.#emit(this.#open.pop()!);
      this.#inQuote = false;
      this.#at++;
      return;
    }
    this.#text += '\n';
    this.#at += quoteGoesOn ? 2 : 1;
    if (quoteGoesOn && !this.#inQuote) this.#beginQuote();
  }

  #beginQuote(): void {
    this.#inQuote = true;
    this.#open.push({ type: 'blockquote', offset: this.#text.length, begin: this.#at });
  }

  #endsHere(top: OpenEntity): boolean {
    const end = ENDS[top.type];
    if (end === undefined || !this.#source.startsWith(end, this.#at)) return false;
    // Two underscores in a row always belong to an underline.
    return top.type !== 'italic' || this.#source[this.#at + 1] !== '_';
  }

  #begin(character: string): void {
    const begin = this.#at;
    if (character === '>' && begin === 0) {
      this.#at++;
      this.#beginQuote();
      return;
    }
    const [type, length] = this.#opening(character);
    this.#at += length;
    const language = type === 'pre' ? this.#language() : undefined;
    this.#open.push({ type, offset: this.#text.length, begin, ...(language !== undefined && { language }) });
  }

  #opening(character: string): [type: string, length: number] {
    const next = this.#source[this.#at + 1];
    if (character === '_') return next === '_' ? ['underline', 2] : ['italic', 1];
    if (character === '*') return ['bold', 1];
    if (character === '~') return ['strikethrough', 1];
    if (character === '|' && next === '|') return ['spoiler', 2];
    if (character === '[') return ['text_link', 1];
    if (character === '!' && next === '[') return ['custom_emoji', 2];
    if (character === '`') return this.#source.startsWith('```', this.#at) ? ['pre', 3] : ['code', 1];
    throw this.#mustEscape(character);
  }

  /** The word right after ``` names the language, unless the block ends with it; one line break is skipped. */
  #language(): string | undefined {
    const word = /[^\s`]*/y;
    word.lastIndex = this.#at;
    const found = word.exec(this.#source)![0];
    const after = this.#source[this.#at + found.length];
    const named = found !== '' && after !== undefined && after !== '`';
    if (named) this.#at += found.length;
    const lineBreak = /\r\n|\n\r|\n|\r/y;
    lineBreak.lastIndex = this.#at;
    this.#at += lineBreak.exec(this.#source)?.[0].length ?? 0;
    return named ? found : undefined;
  }

  #end(top: OpenEntity): void {
    this.#open.pop();
    this.#at += ENDS[top.type]!.length;
    const place = { offset: top.offset, length: this.#text.length - top.offset };
    if (top.type === 'text_link') {
      const url = this.#source[this.#at] === '(' ? this.#url(top) : this.#text.slice(top.offset);
      const link = place.length > 0 ? linkEntity(url, place) : undefined;
      if (link) this.#entities.push(link);
    } else if (top.type === 'custom_emoji') {
      if (this.#source[this.#at] !== '(') throw unparsable('Custom emoji entity must contain a tg://emoji URL');
      const id = /^tg:\/\/emoji\?id=(\d+)$/.exec(this.#url(top))?.[1];
      if (!id) throw unparsable('Custom emoji URL must have an emoji identifier');
      if (place.length > 0) this.#entities.push({ type: top.type, ...place, custom_emoji_id: id });
    } else this.#emit(top);
  }

  #url(top: OpenEntity): string {
    const begin = ++this.#at;
    let url = '';
    for (; this.#at < this.#source.length; this.#at++) {
      const character = this.#source[this.#at]!;
      if (character === ')') {
        this.#at++;
        return url;
      }
      const escaped = character === '\\' && isEscapable(this.#source.charCodeAt(this.#at + 1));
      url += escaped ? this.#source[++this.#at] : character;
    }
    const what = top.type === 'custom_emoji' ? 'a custom emoji URL' : 'a URL';
    throw unparsable(`Can't find end of ${what} at byte offset ${this.#byteOffset(begin)}`);
  }

  #emit(entity: OpenEntity): void {
    const length = this.#text.length - entity.offset;
    if (length === 0) return;
    const { type, offset, language } = entity;
    this.#entities.push({ type, offset, length, ...(language !== undefined && { language }) });
  }

  #byteOffset(at: number): number {
    return Buffer.byteLength(this.#source.slice(0, at));
  }

  #unclosed(entity: OpenEntity) {
    const name = NAMES[entity.type] ?? entity.type[0]!.toUpperCase() + entity.type.slice(1);
    return unparsable(`Can't find end of ${name} entity at byte offset ${this.#byteOffset(entity.begin)}`);
  }

  #mustEscape(character: string) {
    return unparsable(`Character '${character}' is reserved and must be escaped with the preceding '\\'`);
  }
}

const isEscapable = (code: number): boolean => code > 0 && code <= 126;
const unparsable = (what: string) => badRequest(`can't parse entities: ${what}`);
