/** One HTTP question under a deadline. Silence is an answer here, so nothing throws. */
/** What came back, or why nothing did. `body` is undefined where it was no JSON. */
export type Answer = { kind: 'answer'; status: number; body: unknown } | { kind: 'silence'; reason: string };

export interface Question {
  url: string;
  headers?: Record<string, string>;
  signal: AbortSignal;
}

/** Largest answer that is read: what is longer than this is not from the bot or from Telegram. */
const MAX_ANSWER = 1024 * 1024;

export async function ask({ url, headers = {}, signal }: Question): Promise<Answer> {
  try {
    // A redirect is not followed: it would carry the operator token to wherever it points.
    const response = await fetch(url, { headers, signal, redirect: 'manual' });
    return { kind: 'answer', status: response.status, body: parse(await readBounded(response)) };
  } catch (error) {
    return { kind: 'silence', reason: signal.aborted ? 'no answer in time' : reasonOf(error) };
  }
}

/** The code of an error, such as ECONNREFUSED; never its text, which may have the address and with it the token. */
function reasonOf(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause)
    if ('code' in at && typeof at.code === 'string') return at.code;
  return error instanceof AnswerTooLong ? error.message : 'the connection failed';
}

class AnswerTooLong extends Error {}

async function readBounded(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.length > MAX_ANSWER) throw new AnswerTooLong(`the answer is longer than ${MAX_ANSWER} characters`);
  }
  return text + decoder.decode();
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
