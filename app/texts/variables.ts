/** What stands in a text for what only the moment knows: its kinds, and how each is written. */
import { FluentDateTime, FluentNumber, type FluentVariable, type Scope } from '@fluent/bundle';

/** What each kind is given as. */
export interface Kinds {
  text: string;
  /** A count of things: chooses the plural. */
  number: number;
  /** Of money: written to the last digit, however large. */
  amount: bigint;
  /** The same with its sign, also where it is a plus. */
  change: bigint;
  /** A day and a time of it, in UTC. */
  moment: Date;
  /** A day alone, in UTC. */
  day: Date;
  /** What is HTML already; in texts that are declared by `html` alone. */
  html: string;
}

export type Kind = keyof Kinds;

/** A number of Fluent's that does not lose digits beyond 2^53; the plural is chosen by what a number can hold of it. */
class Amount extends FluentNumber {
  readonly #exact: bigint;

  constructor(exact: bigint, options?: Intl.NumberFormatOptions) {
    super(Number(exact), options);
    this.#exact = exact;
  }

  override toString(scope?: Scope): string {
    return scope ? scope.memoizeIntlObject(Intl.NumberFormat, this.opts).format(this.#exact) : String(this.#exact);
  }
}

const SIGNED: Intl.NumberFormatOptions = { signDisplay: 'exceptZero' };
const MOMENT: Intl.DateTimeFormatOptions = { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' };
const DAY: Intl.DateTimeFormatOptions = { dateStyle: 'medium', timeZone: 'UTC' };

/** For Telegram's `parse_mode: 'HTML'`, between tags. */
const escapeHtml = (text: string): string =>
  text.replace(/[&<>]/g, (found) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[found]!);

/** @param isHtml of the text that it is put into */
export function asFluent(kind: Kind, value: Kinds[Kind], isHtml: boolean): FluentVariable {
  if (kind === 'text' && isHtml) return escapeHtml(value as string);
  if (kind === 'moment') return new FluentDateTime(value, MOMENT);
  if (kind === 'day') return new FluentDateTime(value, DAY);
  if (kind === 'change') return new Amount(value as bigint, SIGNED);
  return typeof value === 'bigint' ? new Amount(value) : value;
}
