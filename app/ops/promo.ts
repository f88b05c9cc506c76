/** Promo codes, as a person makes and ends them: what was given is in the ledger, who made it in the audit. */
import type { PoolClient } from '../database/pool.ts';
import { inTransaction } from '../database/transaction.ts';
import { codeOf } from '../payments/promo.ts';
import { table, type Outcome } from './outcome.ts';
import type { Call } from './verb.ts';

const SHOWN = `bot_id AS bot, code, credits, used, most, expires_at AS until, ended_at AS ended, created_by AS "madeBy",
  created_at AS made`;

const no = (...said: string[]): Outcome => ({ tables: [], said, ok: false });

/** person_pkey, account_pkey. The one bot that there is; several, or none that anybody has written to, have to be named. */
async function theBot({ pool, bot }: Call): Promise<number | undefined> {
  if (bot !== undefined) return bot;
  const { rows } = await pool.query<{ least: number | null; most: number | null }>(
    `SELECT least((SELECT min(bot_id) FROM evenkeel.person), (SELECT min(bot_id) FROM evenkeel.account)) AS least,
            greatest((SELECT max(bot_id) FROM evenkeel.person), (SELECT max(bot_id) FROM evenkeel.account)) AS most`,
  );
  const { least, most } = rows[0]!;
  return least !== null && least === most ? least : undefined;
}

const WHICH_BOT = 'Which bot? Name it by --bot: its id is what stands before the colon of its token.';

/** promo_pkey */
export async function listPromos({ pool, bot, limit }: Call): Promise<Outcome> {
  const { rows } = await pool.query(
    `SELECT ${SHOWN} FROM evenkeel.promo WHERE ($1::bigint IS NULL OR bot_id = $1) ORDER BY created_at DESC LIMIT $2`,
    [bot ?? null, limit],
  );
  return rows.length === 0
    ? { tables: [], said: ['There are no promo codes.'] }
    : { tables: [table('promo codes, the latest first', rows)], said: [] };
}

/** Writes, with who and why, in one commit. */
const write = (
  call: Call,
  verb: string,
  code: string,
  detail: object,
  work: (client: PoolClient) => Promise<boolean>,
) =>
  inTransaction(call.pool, async (client) => {
    await client.query('SET TRANSACTION READ WRITE');
    if (!(await work(client))) return false;
    await client.query(
      `INSERT INTO evenkeel.audit (who, via, verb, target, reason, detail) VALUES ($1, $2, $3, $4, $5, $6)`,
      [call.by.who, call.by.via, verb, `promo:${code}`, call.reason ?? '', JSON.stringify(detail)],
    );
    return true;
  });

export async function createPromo(call: Call): Promise<Outcome> {
  const code = codeOf(call.words[0]!);
  const { credits, most, days } = call;
  if (code === undefined) return no(`"${call.words[0]}" is no code: 6 to 32 letters, digits and hyphens.`);
  if (credits === undefined) return no('What does it give? --credits 100');
  const bot = await theBot(call);
  if (bot === undefined) return no(WHICH_BOT);
  const promo = { credits, most: most ?? null, days: days ?? null };
  if (call.dryRun) return { tables: [table('would be made', [{ code, ...promo }])], said: [] };
  const made = await write(call, 'promo create', code, { bot, ...promo }, async (client) => {
    const { rowCount } = await client.query(
      `INSERT INTO evenkeel.promo (bot_id, code, credits, most, expires_at, created_by)
       VALUES ($1, $2, $3, $4, now() + $5::int * interval '1 day', $6) ON CONFLICT (bot_id, code) DO NOTHING`,
      [bot, code, credits, most ?? null, days ?? null, call.by.who],
    );
    return rowCount === 1;
  });
  if (!made) return no(`There is a code ${code} already, or was one: choose another.`);
  const limits = [
    most === undefined ? 'any number of people' : `${most} people`,
    ...(days === undefined ? [] : [`for ${days} days`]),
  ];
  return { tables: [], said: [`/promo ${code} gives ${credits} credits once to each of ${limits.join(', ')}.`] };
}

export async function endPromo(call: Call): Promise<Outcome> {
  const code = codeOf(call.words[0]!) ?? call.words[0]!;
  const bot = await theBot(call);
  if (bot === undefined) return no(WHICH_BOT);
  if (call.dryRun) return { tables: [], said: [`${code} would be ended.`] };
  const ended = await write(call, 'promo end', code, { bot }, async (client) => {
    const { rowCount } = await client.query(
      `UPDATE evenkeel.promo SET ended_at = now() WHERE bot_id = $1 AND code = $2 AND ended_at IS NULL`,
      [bot, code],
    );
    return rowCount === 1;
  });
  return ended
    ? { tables: [], said: [`${code} is ended. What it gave stays given.`] }
    : no(`There is no code ${code} that could be ended.`);
}
