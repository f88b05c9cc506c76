/** A text and its markup, as Telegram keeps them: places in UTF-16 code units, which are JavaScript's own. Pure. */
import { beginning, isBlank } from '../text.ts';

export type MarkType = 'bold' | 'italic' | 'strikethrough' | 'code' | 'pre' | 'text_link' | 'blockquote';

export interface Mark {
  type: MarkType;
  offset: number;
  length: number;
  /** Of a link. */
  url?: string;
  /** Of a `pre`. */
  language?: string;
}

export interface Formatted {
  text: string;
  /** Each within the one before it or behind it, never across; the outer one first. */
  marks: readonly Mark[];
}

export const plain = (text: string): Formatted => ({ text, marks: [] });

/** From `from` to `to`, with what there is of each mark. */
export function slice({ text, marks }: Formatted, from: number, to = text.length): Formatted {
  return {
    text: text.slice(from, to),
    marks: marks.flatMap((mark) => {
      const begin = Math.max(mark.offset, from);
      const end = Math.min(mark.offset + mark.length, to);
      return end > begin ? [{ ...mark, offset: begin - from, length: end - begin }] : [];
    }),
  };
}

/** One after the other, with something between them. */
export function join(one: Formatted, other: Formatted, between = '\n\n'): Formatted {
  if (one.text === '' || other.text === '') return one.text === '' ? other : one;
  const before = one.text + between;
  const moved = other.marks.map((mark) => ({ ...mark, offset: mark.offset + before.length }));
  return { text: before + other.text, marks: [...one.marks, ...moved] };
}

/** Without the white space at both ends, as Telegram cuts it. */
export function trimmed(whole: Formatted): Formatted {
  const from = whole.text.length - whole.text.trimStart().length;
  return slice(whole, from, Math.max(from, whole.text.trimEnd().length));
}

/** At most so long, never cut between the halves of a surrogate pair. */
export const beginningOf = (whole: Formatted, limit: number): Formatted =>
  slice(whole, 0, beginning(whole.text, limit).length);

/** Cuts a long text at line or word ends, so that each part fits a message; blank parts, which Telegram refuses, are left out. */
export function splitFormatted(whole: Formatted, limit: number): Formatted[] {
  const parts: Formatted[] = [];
  let rest = trimmed(whole);
  while (rest.text.length > limit) {
    const window = beginning(rest.text, limit);
    const at = Math.max(window.lastIndexOf('\n'), window.lastIndexOf(' '));
    const end = at > limit / 2 ? at : window.length;
    parts.push(trimmed(slice(rest, 0, end)));
    rest = trimmed(slice(rest, end));
  }
  return [...parts, rest].filter(({ text }) => !isBlank(text));
}
