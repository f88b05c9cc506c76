/**
 * The Markdown that models write, as a text with Telegram's markup. What Telegram has no markup for becomes words: a
 * heading is bold, an item has its bullet or number, a table stands in columns. Raw HTML is text.
 */
import MarkdownIt, { type Token } from 'markdown-it';
import { isBlank } from '../text.ts';
import { chunksOf } from './chunks.ts';
import { join, plain, type Formatted } from './formatted.ts';
import { tableLines } from './table.ts';
import { Writer } from './writer.ts';

/**
 * Without what makes a text jump while it is being written, or vanish from it: a dash under a line would make that a heading,
 * spaces before it code, and a reference is not shown at all.
 */
const parser = new MarkdownIt({ html: false, linkify: false }).disable(['lheading', 'code', 'reference']);

/** Anything else stays words: javascript: and data: are refused by the parser already. */
const LINKED = /^(https?|tg|mailto|tel):/i;
const LANGUAGE = /^[\w+#.-]{1,32}/;
const RULE = '———';

const INLINE = { strong_open: 'bold', em_open: 'italic', s_open: 'strikethrough' } as const;

function inline(tokens: readonly Token[], writer: Writer): void {
  const links: boolean[] = [];
  for (const token of tokens) {
    switch (token.type) {
      case 'strong_open':
      case 'em_open':
      case 's_open':
        writer.open({ type: INLINE[token.type] });
        break;
      case 'strong_close':
      case 'em_close':
      case 's_close':
        writer.close();
        break;
      case 'link_open': {
        const url = String(token.attrGet('href') ?? '');
        const isLink = LINKED.test(url) && !writer.isIn('text_link');
        links.push(isLink);
        if (isLink) writer.open({ type: 'text_link', url });
        break;
      }
      case 'link_close':
        if (links.pop()) writer.close();
        break;
      case 'image': {
        const url = String(token.attrGet('src') ?? '');
        const isLink = LINKED.test(url) && !writer.isIn('text_link');
        if (isLink) writer.open({ type: 'text_link', url });
        writer.write(token.content || url);
        if (isLink) writer.close();
        break;
      }
      case 'code_inline':
        // A link may hold no code, and leads somewhere.
        if (writer.isIn('text_link')) writer.write(token.content);
        else writer.alone({ type: 'code' }, token.content);
        break;
      case 'softbreak':
      case 'hardbreak':
        writer.write('\n');
        break;
      default:
        writer.write(token.content);
    }
  }
}

/** Cells of a table as they are read, row by row. */
const textOf = ({ children, content }: Token): string =>
  children?.map((token) => (token.type.endsWith('break') ? ' ' : token.content)).join('') ?? content;

/** Blocks that hold no others. */
const LEAVES = new Set(['paragraph_open', 'heading_open', 'fence', 'hr', 'table_open']);

interface List {
  before: string;
  isNumbered: boolean;
}

function blocks(tokens: readonly Token[], writer: Writer): void {
  const lists: List[] = [];
  const quotes: boolean[] = [];
  let table: string[][] | undefined;
  /** Of an item that has just begun: its first block stands beside its mark. */
  let isBeside = false;

  /** Line of the source behind the block before. */
  let behind = 0;

  /** A blank line where the source has one. */
  const gap = ({ map }: Token) => {
    if (isBeside) isBeside = false;
    else writer.gap(map && map[0] > behind ? 2 : 1);
  };

  for (const token of tokens) {
    if (LEAVES.has(token.type)) {
      gap(token);
      behind = token.map?.[1] ?? behind;
    }
    switch (token.type) {
      case 'inline':
        if (table) table.at(-1)!.push(textOf(token));
        else inline(token.children ?? [], writer);
        break;
      case 'heading_open':
        writer.open({ type: 'bold' });
        break;
      case 'heading_close':
        writer.close();
        break;
      case 'fence': {
        const language = LANGUAGE.exec(token.info.trim())?.[0];
        const code = token.content.replace(/\n$/, '');
        if (code !== '') writer.alone({ type: 'pre', ...(language !== undefined && { language }) }, code);
        break;
      }
      case 'hr':
        writer.write(RULE);
        break;
      case 'blockquote_open': {
        gap(token);
        const isOuter = !writer.isIn('blockquote');
        quotes.push(isOuter);
        if (isOuter) writer.open({ type: 'blockquote' });
        isBeside = true;
        break;
      }
      case 'blockquote_close':
        if (quotes.pop()) writer.close();
        isBeside = false;
        break;
      case 'bullet_list_open':
      case 'ordered_list_open':
        lists.push({ before: writer.indent, isNumbered: token.type === 'ordered_list_open' });
        break;
      case 'bullet_list_close':
      case 'ordered_list_close':
        writer.indent = lists.pop()!.before;
        break;
      case 'list_item_open': {
        const { before, isNumbered } = lists.at(-1)!;
        writer.indent = before;
        gap(token);
        writer.write(isNumbered ? `${token.info}${token.markup} ` : '• ');
        writer.indent = `${before}  `;
        isBeside = true;
        break;
      }
      case 'list_item_close':
        isBeside = false;
        break;
      case 'table_open':
        table = [];
        break;
      case 'tr_open':
        table?.push([]);
        break;
      case 'table_close':
        writer.alone({ type: 'pre' }, tableLines(table ?? []));
        table = undefined;
        break;
    }
  }
}

/** What has nothing to show as Markdown is the text that it is. */
export function fromMarkdown(source: string): Formatted {
  let read = plain('');
  for (const { text, between } of chunksOf(source.replaceAll('\u0000', ''))) {
    const writer = new Writer();
    blocks(parser.parse(text, {}), writer);
    read = join(read, writer.end(), between);
  }
  return isBlank(read.text) ? plain(source.trim()) : read;
}
