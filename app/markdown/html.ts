/** Formatted text as `parse_mode: 'HTML'` takes it: Telegram's tags, and everything else escaped. */
import type { Formatted, Mark } from './formatted.ts';

/** Telegram refuses longer ones before it reads them, bytes (source: telegram-bot-api, get_formatted_text). */
const LONGEST_HTML = 32_768;

const ESCAPED: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string, which = /[&<>]/g): string => text.replace(which, (character) => ESCAPED[character]!);
const attribute = (value: string): string => escaped(value, /[&<>"]/g);

const TAGS = { bold: 'b', italic: 'i', strikethrough: 's', code: 'code', blockquote: 'blockquote' } as const;

function tagsOf({ type, url, language }: Mark): [string, string] {
  if (type === 'text_link') return [`<a href="${attribute(url ?? '')}">`, '</a>'];
  if (type !== 'pre') return [`<${TAGS[type]}>`, `</${TAGS[type]}>`];
  if (language === undefined) return ['<pre>', '</pre>'];
  return [`<pre><code class="language-${attribute(language)}">`, '</code></pre>'];
}

/** @param marks as {@link Formatted} has them: nested, outer ones first */
export function toHtml({ text, marks }: Formatted): string {
  const open: { end: number; tag: string }[] = [];
  let html = '';
  let at = 0;
  const goTo = (place: number) => {
    while (open.length > 0 && open.at(-1)!.end <= place) {
      const { end, tag } = open.pop()!;
      html += escaped(text.slice(at, end)) + tag;
      at = end;
    }
    html += escaped(text.slice(at, place));
    at = place;
  };
  for (const mark of marks) {
    goTo(mark.offset);
    const [before, after] = tagsOf(mark);
    html += before;
    open.push({ end: mark.offset + mark.length, tag: after });
  }
  goTo(text.length);
  return html;
}

/** What a method that takes a text is given for it. Without markup, or with more than Telegram would read, it is plain. */
export function asTelegram(formatted: Formatted): { text: string; parse_mode?: 'HTML' } {
  if (formatted.marks.length === 0) return { text: formatted.text };
  const html = toHtml(formatted);
  return Buffer.byteLength(html) <= LONGEST_HTML ? { text: html, parse_mode: 'HTML' } : { text: formatted.text };
}
