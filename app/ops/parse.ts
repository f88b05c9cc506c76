/** Reads what was typed behind `ops`: the same in the image and on the machine of whoever types it. */
import { parseArgs } from 'node:util';
import { nearest } from '../../posture/problem.ts';
import { CLASSES } from '../outbox/classes.ts';
import { CALLBACK_WORD } from './updates.ts';
import { OPTIONS, type Given, type OptionName, type Verb } from './verb.ts';
import { VERBS } from './verbs.ts';
import { WORK_WORD } from './work.ts';

/** A mistake of the person who typed the command: its message is one line, and all they need. Exit status 2. */
export class OpsUsage extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'OpsUsage';
  }
}

export interface Parsed extends Given {
  verb: Verb;
  words: readonly string[];
}

/** Most updates that one command may name. */
const MANY = 200;

function typed(args: readonly string[]) {
  try {
    const options = Object.fromEntries(Object.entries(OPTIONS).map(([name, { type }]) => [name, { type }]));
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    const text = (error as Error).message;
    const unknown = /Unknown option '--?([^']+)'/.exec(text)?.[1];
    const meant = unknown && nearest(unknown, Object.keys(OPTIONS));
    if (meant) throw new OpsUsage(`unknown option "--${unknown}"; did you mean "--${meant}"?`);
    throw new OpsUsage(
      `${unknown ? `unknown option "${unknown}"` : text.split(/\. |\n/)[0]}; --help lists verbs and options`,
    );
  }
}

function verbOf(words: readonly string[]): { verb: Verb; rest: string[] } {
  const two = words.slice(0, 2).join(' ');
  const verb = VERBS.find(({ name }) => name === two) ?? VERBS.find(({ name }) => name === words[0]);
  if (verb) return { verb, rest: words.slice(verb.name.split(' ').length) };
  if (words.length === 0) throw new OpsUsage('which verb? --help lists them');
  const siblings = VERBS.filter(({ name }) => name.startsWith(`${words[0]} `)).map(({ name }) => name);
  const meant =
    nearest(
      two,
      VERBS.map(({ name }) => name),
    ) ??
    nearest(
      words[0]!,
      VERBS.map(({ name }) => name),
    );
  if (meant) throw new OpsUsage(`unknown verb "${two}"; did you mean "${meant}"?`);
  const known = siblings.length > 0 ? siblings : [...new Set(VERBS.map(({ name }) => name))];
  throw new OpsUsage(`unknown verb "${two}"; known are ${known.join(', ')}`);
}

function count(name: string, text: string, most: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= 1 && number <= most) return number;
  throw new OpsUsage(`--${name} takes a whole number from 1 to ${most}, not "${text}"`);
}

/** Of a promo code. */
function numbersOf(text: (name: OptionName) => string | undefined): Pick<Given, 'credits' | 'most' | 'days'> {
  const [credits, most, days] = (['credits', 'most', 'days'] as const).map((name) => {
    const typed = text(name);
    return typed === undefined ? undefined : count(name, typed, name === 'days' ? 3_650 : 1_000_000_000);
  });
  return {
    ...(credits !== undefined && { credits }),
    ...(most !== undefined && { most }),
    ...(days !== undefined && { days }),
  };
}

/** Verbs that take jobs and messages as well, each by its word. */
const TAKE_WORK: ReadonlySet<string> = new Set(['dead show', 'dead redrive', 'dead dismiss', 'unknown resolve']);

function wordsOf(verb: Verb, rest: readonly string[], all: boolean): readonly string[] {
  const usage = `${verb.name} ${verb.takes}`;
  if (verb.takes === '') {
    if (rest.length > 0) throw new OpsUsage(`${verb.name} takes nothing behind it, not "${rest.join(' ')}"`);
    return rest;
  }
  if (verb.takes === 'SQL') {
    if (rest.length !== 1 || rest[0]!.trim() === '') throw new OpsUsage('sql takes one statement, in quotes');
    return rest;
  }
  if (verb.takes === 'CLASS…') {
    const wrong = rest.find((word) => !Object.hasOwn(CLASSES, word));
    if (rest.length === 0 || wrong !== undefined)
      throw new OpsUsage(
        `${wrong === undefined ? 'which classes' : `"${wrong}" is no class`}: ${Object.keys(CLASSES).join(', ')}`,
      );
    return rest;
  }
  if (verb.takes === 'CODE') {
    if (rest.length !== 1 || !/^[\w-]{1,64}$/.test(rest[0]!)) throw new OpsUsage(`which code? ${usage}`);
    return rest;
  }
  if (verb.takes === 'RECEIPT' || verb.takes === 'RECEIPT | --all' || verb.takes === 'USER_ID') {
    if (all && rest.length > 0) throw new OpsUsage(`either a receipt or --all: ${usage}`);
    if (all) return rest;
    const [word = ''] = rest;
    if (rest.length !== 1) throw new OpsUsage(`which one? ${usage}`);
    if (verb.takes === 'USER_ID' && !/^\d{1,16}$/.test(word))
      throw new OpsUsage(`"${word}" is not the id of a user: ${usage}`);
    if (!/^[\w.:=+/-]{1,200}$/.test(word))
      throw new OpsUsage(`"${word}" is neither a receipt, such as R-17, nor a charge: ${usage}`);
    return rest;
  }
  if (verb.takes === 'NAME') {
    if (rest.length !== 1 || !/^[\w.-]{1,80}$/.test(rest[0]!)) throw new OpsUsage(`which one? ${usage}`);
    return rest;
  }
  if (all && rest.length > 0) throw new OpsUsage(`either ids or --all: ${usage}`);
  const fits = (word: string) =>
    /^\d{1,16}$/.test(word) || CALLBACK_WORD.test(word) || (TAKE_WORK.has(verb.name) && WORK_WORD.test(word));
  const wrong = rest.find((word) => !fits(word));
  if (wrong !== undefined) throw new OpsUsage(`"${wrong}" is not the id of an update: ${usage}`);
  if (rest.length === 0 && !all) throw new OpsUsage(`which one? ${usage}`);
  const most = verb.takes === 'UPDATE_ID' ? 1 : MANY;
  if (rest.length > most) throw new OpsUsage(`${rest.length} ids, at most ${most} at once: ${usage}`);
  return rest;
}

/**
 * @param wantsReason false where the caller will ask for it
 * @throws {OpsUsage} for whatever cannot be done as it is typed
 */
export function parseOps(args: readonly string[], { wantsReason = true } = {}): Parsed {
  const { values, positionals } = typed(args);
  const { verb, rest } = verbOf(positionals);
  for (const name of Object.keys(values))
    if (!verb.options.includes(name as OptionName)) throw new OpsUsage(`${verb.name} takes no --${name}`);
  const text = (name: OptionName) => values[name] as string | undefined;
  const all = values['all'] === true;
  const as = text('as');
  if (as !== undefined && as !== 'arrived' && as !== 'lost')
    throw new OpsUsage(`--as takes arrived or lost, not "${as}"`);
  if (verb.options.includes('as') && as === undefined)
    throw new OpsUsage(`${verb.name} wants --as arrived or --as lost`);
  const words = wordsOf(verb, rest, all);
  const own = (['credits', 'user'] as const).find((name) => all && text(name) !== undefined);
  if (own) throw new OpsUsage(`--all takes each as it was paid: --${own} is for one, ${verb.name} RECEIPT --${own} N`);
  const reason = text('reason')?.trim();
  const dryRun = values['dry-run'] === true;
  if (reason === '' || (reason ?? '').length > 500) throw new OpsUsage('--reason takes 1 to 500 characters');
  if (wantsReason && verb.users && !dryRun && reason === undefined)
    throw new OpsUsage(`${verb.name} changes something: say why, --reason "…"; it is kept in the audit`);
  return {
    verb,
    words,
    all,
    dryRun,
    force: values['force'] === true,
    sent: values['sent'] === true,
    limit: count('limit', text('limit') ?? '20', 500),
    ...numbersOf(text),
    ...(reason !== undefined && { reason }),
    ...(as !== undefined && { as }),
    ...(text('queue') !== undefined && { queue: text('queue')! }),
    ...(text('user') !== undefined && { user: count('user', text('user')!, Number.MAX_SAFE_INTEGER) }),
    ...(text('bot') !== undefined && { bot: count('bot', text('bot')!, Number.MAX_SAFE_INTEGER) }),
  };
}
