/** Long Markdown in pieces that are read one by one: what reading costs grows faster than what is read. Pure. */
import { beginning } from '../text.ts';

/** Of one piece, UTF-16 code units: two messages. */
const LONGEST = 8_192;

const FENCE = /^ {0,3}(`{3,}|~{3,})(.*)$/;

/** The fence that is open behind a line, given the one before it: the line that opened it, and what closes it. */
function fenceAfter(line: string, open: Fence | undefined): Fence | undefined {
  const [, marks, info = ''] = FENCE.exec(line) ?? [];
  if (marks === undefined) return open;
  if (!open) return marks.startsWith('`') && info.includes('`') ? undefined : { opener: line, closer: marks };
  const ends = marks[0] === open.closer[0] && marks.length >= open.closer.length && info.trim() === '';
  return ends ? undefined : open;
}

interface Fence {
  opener: string;
  closer: string;
}

export interface Chunk {
  text: string;
  /** What stood between it and the one before. */
  between: '' | ' ' | '\n' | '\n\n';
}

/** Lines, none of them longer than a piece: what was cut goes on without a line end, at a word's end where there is one. */
function* linesOf(source: string): Generator<{ line: string; before: '' | ' ' | '\n' }> {
  for (const line of source.split('\n')) {
    let before: '' | ' ' | '\n' = '\n';
    let rest = line;
    while (rest.length > LONGEST) {
      const window = beginning(rest, LONGEST);
      const space = window.lastIndexOf(' ');
      const end = space > LONGEST / 2 ? space : window.length;
      yield { line: rest.slice(0, end), before };
      before = end === space ? ' ' : '';
      rest = rest.slice(end + before.length);
    }
    yield { line: rest, before };
  }
}

/** A fence that is cut is closed in one piece and opened again in the next. */
export function chunksOf(source: string): Chunk[] {
  if (source.length <= LONGEST) return [{ text: source, between: '' }];
  const chunks: Chunk[] = [];
  let lines: string[] = [];
  let length = 0;
  let between: Chunk['between'] = '';
  let fence: Fence | undefined;
  for (const { line, before } of linesOf(source)) {
    if (length + line.length + 1 > LONGEST && lines.length > 0) {
      chunks.push({ text: [...lines, ...(fence ? [fence.closer] : [])].join('\n'), between });
      between = before === '\n' && lines.at(-1)!.trim() === '' ? '\n\n' : before;
      lines = fence ? [beginning(fence.opener, 200)] : [];
      length = lines.join('').length;
    }
    lines.push(line);
    length += line.length + 1;
    fence = fenceAfter(line, fence);
  }
  return [...chunks, { text: lines.join('\n'), between }];
}

/** A text that broke off within a fence, with that fence closed: what follows it is no code. */
export function closed(source: string): string {
  let fence: Fence | undefined;
  for (const line of source.split('\n')) fence = fenceAfter(line, fence);
  return fence ? `${source}\n${fence.closer}` : source;
}
