/** Calls to the Bot API by the deployment, with errors that a person can act on and that never show the token. */

export interface BotApi {
  /** Root of the Bot API, such as https://api.telegram.org. */
  apiRoot: string;
  /** Token of the bot; a secret. */
  token: string;
}

/** Longest answer of Telegram to one call, ms. */
export const CALL_TIMEOUT = 20_000;

export const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** In the error where Telegram does not know the token. */
export const WRONG_TOKEN = 'the bot token is wrong. Set it: pulumi config set --secret evenkeel:botToken <token>';

interface Answer<T> {
  ok: boolean;
  result: T;
  error_code?: number;
  description?: string;
  parameters?: { retry_after?: number };
}

/** One request. Why there was no answer is a word or a code: the error itself may hold the address, and so the token. */
async function ask<T>(bot: BotApi, method: string, body: object): Promise<Answer<T> | string> {
  try {
    const response = await fetch(`${bot.apiRoot}/bot${bot.token}/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(CALL_TIMEOUT),
    });
    return (await response.json()) as Answer<T>;
  } catch (error) {
    return reason(error);
  }
}

/** Why there was no answer, as a word. */
export function reason(error: unknown): string {
  const { cause, name } = error as Error & { cause?: { code?: string } };
  return cause?.code ?? name;
}

/**
 * Calls a method; waits as told where Telegram says 429.
 * @throws one line: what Telegram said, or why there was no answer
 */
export async function call<T>(bot: BotApi, method: string, body: object = {}): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const answer = await ask<T>(bot, method, body);
    if (typeof answer === 'string') throw new Error(`${method}: no answer from ${bot.apiRoot} (${answer})`);
    if (answer.ok) return answer.result;
    const said = `${answer.error_code ?? ''} ${answer.description ?? ''}`.trim();
    // A token of the wrong form is a path that Telegram does not know.
    if (answer.error_code === 401 || answer.error_code === 404)
      throw new Error(`Telegram says ${said}: ${WRONG_TOKEN}`);
    if (answer.error_code !== 429 || attempt === 3) throw new Error(`Telegram says ${said}`);
    await sleep(Math.min(60, answer.parameters?.retry_after ?? 1) * 1000);
  }
}
