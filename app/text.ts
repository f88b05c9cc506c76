/** Texts as Telegram takes them: well-formed, within a length, and not blank. */
import { TELEGRAM } from '../posture/outside.ts';

/** The beginning of a text, at most `limit` UTF-16 code units, never cut between the halves of a surrogate pair. */
export function beginning(text: string, limit: number): string {
  const cut = text.slice(0, limit);
  return text.length > limit && /[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut;
}

/** Half of a surrogate pair without the other is no character: it is replaced by U+FFFD, as Telegram refuses it. */
const wellFormed = (_key: string, value: unknown): unknown =>
  typeof value === 'string' ? value.toWellFormed() : value;

/** JSON whose strings are well-formed. JSON.stringify writes lone halves, and nothing else, as `\udXXX`. */
export function toWellFormedJson(value: unknown): string {
  const json = JSON.stringify(value);
  return json.includes('\\ud') ? JSON.stringify(value, wellFormed) : json;
}

/**
 * What Telegram shows nothing of, beside white space: control and format characters (U+200B is one), and letters and
 * symbols that are blank. It refuses a message that has nothing else (source: td, strip_empty_characters).
 */
const BLANK = /^[\s\p{Cc}\p{Cf}\u034f\u115f\u1160\u2800\u3164\uffa0\ufffc]*$/u;

/** True where a person would see nothing, as of an empty text. */
export const isBlank = (text: string): boolean => BLANK.test(text);

/** Cuts a long answer at line or word ends, so that each part fits a message; blank parts, which Telegram refuses, are left out. */
export function split(text: string, limit: number = TELEGRAM.longestText): string[] {
  const parts: string[] = [];
  let rest = text.trim();
  while (rest.length > limit) {
    const window = beginning(rest, limit);
    const at = Math.max(window.lastIndexOf('\n'), window.lastIndexOf(' '));
    const end = at > limit / 2 ? at : window.length;
    parts.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return [...parts, rest].filter((part) => !isBlank(part));
}
