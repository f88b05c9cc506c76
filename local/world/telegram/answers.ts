/** What a method may answer besides a plain value. */

/** A result with the description that Telegram gives along. */
export class Described {
  readonly result: unknown;
  readonly description: string;

  constructor(result: unknown, description: string) {
    this.result = result;
    this.description = description;
  }
}

/** A result that is JSON text already. */
export class RawResult {
  readonly json: string;

  constructor(json: string) {
    this.json = json;
  }
}

/** The body of a successful answer. */
export function answerBody(result: unknown): string {
  if (result instanceof RawResult) return `{"ok":true,"result":${result.json}}`;
  if (result instanceof Described)
    return JSON.stringify({ ok: true, result: result.result, description: result.description });
  return JSON.stringify({ ok: true, result });
}
