/** What `npm start` takes from the command line. */
import { readCommandLine, UsageError } from '../command-line.ts';

export const HELP = `npm start [-- OPTIONS]

Runs the bot on this machine: a real PostgreSQL, web and worker tasks, and the outside world simulated,
with a control room in the browser. Needs no account, no Docker and no network.

  --port N        port of the control room (4600)
  --keep          keep database and chats in .evenkeel/ for the next start
  --stack NAME    the posture of Pulumi.NAME.yaml (local)
  --set PATH=V    change one value of the posture, such as worker.pool=4; may be repeated
  --watch         deploy what is edited in app/, one task after the other
  --no-browser    do not open the control room in a browser
  --take-over     with BOT_TOKEN: remove the webhook that is set on that bot
  --json          print one JSON object a line
  --help          print this

Environment:
  BOT_TOKEN=…           speak to the real Telegram as this bot, by long polling
  OPENROUTER_API_KEY=…  let the real OpenRouter answer instead of the simulated one
  ACCESS_API_KEY=… and ACCESS_BASE_URL=…
                        let the real access provider give what /plans sells
  NOVITA_API_KEY=…      let the real Novita render pictures and videos, at your cost
  CRYPTO_PAY_TOKEN=…, NOWPAYMENTS_API_KEY=… and NOWPAYMENTS_IPN_SECRET=…
                        be paid by the real ones; simulated, they are on while Telegram is

Ctrl-C drains and ends everything; a second one ends it at once.`;

export interface StartOptions {
  port: number;
  keep: boolean;
  stack: string;
  set: string[];
  browser: boolean;
  watch: boolean;
  takeOver: boolean;
  json: boolean;
  help: boolean;
}

/** What stands in the way on this machine, or at Telegram: its message is one line, and all that a person needs. */
export class InTheWay extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'InTheWay';
  }
}

const OPTIONS = {
  port: { type: 'string', default: '4600' },
  keep: { type: 'boolean', default: false },
  stack: { type: 'string', default: 'local' },
  set: { type: 'string', multiple: true, default: [] as string[] },
  watch: { type: 'boolean', default: false },
  'no-browser': { type: 'boolean', default: false },
  'take-over': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** @throws {UsageError} */
export function parseOptions(args: readonly string[]): StartOptions {
  const { values, positionals } = readCommandLine(args, OPTIONS, 'npm start');
  const [word] = positionals;
  if (word !== undefined)
    throw new UsageError(
      `"${word}" is no option: a stack is named by --stack ${word}; npm start -- --help lists the options`,
    );
  const port = /^\d{1,5}$/.test(values.port) ? Number(values.port) : NaN;
  if (!(port <= 65_535))
    throw new UsageError(`--port takes a number from 1 to 65535, or 0 for any that is free, not "${values.port}"`);
  return {
    port,
    keep: values.keep,
    stack: values.stack,
    set: values.set,
    watch: values.watch,
    browser: !values['no-browser'],
    takeOver: values['take-over'],
    json: values.json,
    help: values.help,
  };
}
