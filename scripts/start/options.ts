/** What `npm start` takes from the command line. */
import { parseArgs } from 'node:util';

export const HELP = `npm start [-- OPTIONS]

Runs the bot on this machine: a real PostgreSQL, web and worker tasks, and the outside world simulated,
with a control room in the browser. Needs no account, no Docker and no network.

  --port N        port of the control room (4600)
  --keep          keep the data in .evenkeel/ for the next start
  --stack NAME    the posture of Pulumi.NAME.yaml (local)
  --set PATH=V    change one value of the posture, such as worker.pool=4; may be repeated
  --no-browser    do not open the control room in a browser
  --take-over     with BOT_TOKEN: remove the webhook that is set on that bot
  --json          print one JSON object a line
  --help          print this

Environment:
  BOT_TOKEN=…           speak to the real Telegram as this bot, by long polling
  OPENROUTER_API_KEY=…  let the real OpenRouter answer instead of the simulated one

Ctrl-C drains and ends everything; a second one ends it at once.`;

export interface StartOptions {
  port: number;
  keep: boolean;
  stack: string;
  set: string[];
  browser: boolean;
  takeOver: boolean;
  json: boolean;
  help: boolean;
}

/** A mistake of the person who typed the command: its message is all they need. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** @throws {UsageError} */
export function parseOptions(args: readonly string[]): StartOptions {
  const { values } = parse(args);
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new UsageError(`--port takes a number from 1 to 65535, not "${values.port}"`);
  return {
    port,
    keep: values.keep,
    stack: values.stack,
    set: values.set,
    browser: !values['no-browser'],
    takeOver: values['take-over'],
    json: values.json,
    help: values.help,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        port: { type: 'string', default: '4600' },
        keep: { type: 'boolean', default: false },
        stack: { type: 'string', default: 'local' },
        set: { type: 'string', multiple: true, default: [] },
        'no-browser': { type: 'boolean', default: false },
        'take-over': { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    const [what] = (error as Error).message.split('. ');
    throw new UsageError(`${what}; npm start -- --help lists the options`);
  }
}
