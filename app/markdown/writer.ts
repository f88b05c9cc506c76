/** Writes a text with its marks, block by block; keeps marks within each other, as Telegram has them. */
import { trimmed, type Formatted, type Mark } from './formatted.ts';

type Open = Omit<Mark, 'length'>;

export class Writer {
  #text = '';
  readonly #marks: Mark[] = [];
  readonly #open: Open[] = [];
  #breaks = 0;
  /** Before each line that is begun: the indentation of a list. */
  indent = '';

  /** At least so many line ends before whatever is written next. */
  gap(breaks: number): void {
    if (this.#text !== '') this.#breaks = Math.max(this.#breaks, breaks);
  }

  #begin(): void {
    if (this.#breaks > 0) this.#text += '\n'.repeat(this.#breaks) + this.indent;
    this.#breaks = 0;
  }

  write(text: string): void {
    if (text === '') return;
    this.#begin();
    this.#text += this.indent === '' ? text : text.replaceAll('\n', `\n${this.indent}`);
  }

  open(mark: Pick<Mark, 'type' | 'url' | 'language'>): void {
    this.#begin();
    this.#open.push({ ...mark, offset: this.#text.length });
  }

  close(): void {
    const { offset, ...mark } = this.#open.pop()!;
    const length = this.#text.length - offset;
    if (length > 0) this.#marks.push({ ...mark, offset, length });
  }

  isIn(...types: readonly Mark['type'][]): boolean {
    return this.#open.some(({ type }) => types.includes(type));
  }

  /** Text of a mark that no other one may reach into: those that are open end before it, and go on behind it. */
  alone(mark: Pick<Mark, 'type' | 'language'>, text: string): void {
    const others = this.#open.filter(({ type }) => type !== 'blockquote');
    for (let index = 0; index < others.length; index += 1) this.close();
    this.open(mark);
    this.write(text);
    this.close();
    for (const { offset: _before, ...other } of others) this.open(other);
  }

  end(): Formatted {
    while (this.#open.length > 0) this.close();
    const marks = this.#marks.toSorted((a, b) => a.offset - b.offset || b.length - a.length);
    return trimmed({ text: this.#text, marks });
  }
}
