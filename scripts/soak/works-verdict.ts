/** Whether plans, renders and broadcasts agree with those who give, make and show them, when all is quiet. */
import { SWITCHED } from '../../posture/features/index.ts';
import type { Deeds } from './person.ts';
import { AUTHOR, type Stage } from './stage.ts';

const query = async <Row>({ pool }: Stage, text: string, values: unknown[] = []): Promise<Row[]> =>
  (await pool.query(text, values)).rows as Row[];

const isThere = (feature: string): boolean => feature in SWITCHED;

/** What is still to be done of them, by what it is: 0 where nothing is. Of statements beside others. */
export const WORKS_UNDER_WAY = `
  (SELECT count(*) FROM pgboss.job WHERE name IN ('plan', 'access', 'render', 'look', 'deliver', 'broadcast') AND state < 'completed')::int AS works,
  (SELECT count(*) FROM evenkeel.access WHERE synced < version OR check_at IS NOT NULL OR (state <> 'expired' AND coalesce(grace_until, until) < now()))::int AS accesses,
  (SELECT count(*) FROM evenkeel.render WHERE ended_at IS NULL AND state <> 'wanted')::int AS renders,
  (SELECT count(*) FROM evenkeel.broadcast WHERE state = 'running')::int AS broadcasts`;

/** Credits that features have taken, by person: each as often as they gave something for it. */
export async function taken(stage: Stage): Promise<Map<number, bigint>> {
  const rows = await query<{ user: number; sum: string }>(
    stage,
    `SELECT user_id AS user, sum(credits) AS sum FROM (
       SELECT user_id, credits FROM evenkeel.access_period WHERE bot_id = $1
       UNION ALL
       SELECT r.user_id, v.settled FROM evenkeel.render r
       JOIN evenkeel.reserve v ON v.bot_id = r.bot_id AND v.cause = 'render:' || r.id
       WHERE r.bot_id = $1 AND r.state = 'delivered'
     ) AS what GROUP BY user_id`,
    [stage.botId],
  );
  return new Map(rows.map(({ user, sum }) => [user, BigInt(sum)]));
}

/** Whoever may use it is there, at least until when they may; whoever may not is gone. */
export async function accessesDiffer(stage: Stage): Promise<string[]> {
  if (!isThere('subscriptions')) return [];
  const rows = await query<{ user: number; state: string; until: Date }>(
    stage,
    'SELECT user_id AS user, state, until FROM evenkeel.access WHERE bot_id = $1',
    [stage.botId],
  );
  const there = new Map(stage.access.users().map(({ id, until }) => [id, new Date(until)]));
  const problems = rows.flatMap(({ user, state, until }) => {
    const has = there.get(`tg-${stage.botId}-${user}`);
    if (state === 'expired')
      return has ? [`the plan of ${user} is over, and they are let in until ${has.toISOString()}`] : [];
    if (!has) return [`the plan of ${user} is ${state}, and they are not let in`];
    // What a calendar does here (an end that is moved) the provider does not know of, so it may have a later one.
    return has.getTime() >= until.getTime()
      ? []
      : [`${user} has paid until ${until.toISOString()}, and is let in until ${has.toISOString()}`];
  });
  const known = new Set(rows.map(({ user }) => `tg-${stage.botId}-${user}`));
  for (const id of there.keys()) if (!known.has(id)) problems.push(`${id} is let in, and has no plan`);
  const unpaid = await query<{ cause: string }>(
    stage,
    `SELECT p.cause FROM evenkeel.access_period p
     LEFT JOIN evenkeel.reserve v ON v.bot_id = p.bot_id AND v.cause = p.cause
     WHERE p.bot_id = $1 AND p.credits > 0 AND (v.state IS DISTINCT FROM 'settled' OR v.settled <> p.credits)`,
    [stage.botId],
  );
  return [...problems, ...unpaid.map(({ cause }) => `the period ${cause} was given, and not paid for`)];
}

/** What was delivered is seen once for each time that it may have left; what was not has its credits back. */
export async function rendersDiffer(stage: Stage): Promise<{ problems: string[]; repeats: number }> {
  if (!isThere('studio')) return { problems: [], repeats: 0 };
  const rows = await query<{
    user: number;
    id: number;
    state: string;
    reason: string | null;
    deliveries: number;
    held: string;
    settled: number;
  }>(
    stage,
    `SELECT r.user_id AS user, r.id::int, r.state, r.reason, r.deliveries, v.state AS held, v.settled::int
     FROM evenkeel.render r JOIN evenkeel.reserve v ON v.bot_id = r.bot_id AND v.cause = 'render:' || r.id
     WHERE r.bot_id = $1`,
    [stage.botId],
  );
  const problems: string[] = [];
  let repeats = 0;
  for (const { user, id, state, reason, held, settled } of rows)
    if (state === 'delivered' ? held !== 'settled' : settled > 0 || held !== 'released')
      problems.push(`render ${id} of ${user} is ${state} (${reason}), and its credits are ${held}: ${settled} taken`);
  for (const user of new Set(rows.map((row) => row.user))) {
    const own = rows.filter((row) => row.user === user);
    const files = stage.telegram.messages(user).filter(({ media }) => media !== undefined).length;
    const paid = own.filter(({ state }) => state === 'delivered').length;
    const left = own.reduce((sum, { deliveries }) => sum + deliveries, 0);
    if (files < paid) problems.push(`${user} has paid for ${paid} renders, and has ${files}`);
    if (files > left) problems.push(`${user} has ${files} files of renders, of which ${left} left at most`);
    repeats += Math.max(0, files - paid);
  }
  return { problems, repeats };
}

/** Each has what was written to all once, or it is not known, and counted as that. */
export async function broadcastsDiffer(stage: Stage, { broadcasts }: Deeds): Promise<string[]> {
  if (!isThere('broadcast')) return [];
  const rows = await query<{ user: number; state: string; text: string }>(
    stage,
    `SELECT r.user_id AS user, r.state, b.content->>'text' AS text
     FROM evenkeel.broadcast b JOIN evenkeel.broadcast_recipient r ON r.broadcast_id = b.id WHERE b.bot_id = $1`,
    [stage.botId],
  );
  const problems: string[] = [];
  const copies = new Map<string, number>();
  for (const user of stage.telegram.chats())
    for (const { from, text } of stage.telegram.messages(user))
      if (from === 'bot' && text.startsWith('news '))
        copies.set(`${user}:${text}`, (copies.get(`${user}:${text}`) ?? 0) + 1);
  for (const { user, state, text } of rows) {
    // Who writes it has seen it before.
    if (user === AUTHOR) continue;
    const has = copies.get(`${user}:${text}`) ?? 0;
    const fits = state === 'sent' ? has === 1 : state === 'unknown' ? has <= 1 : has === 0;
    if (!fits) problems.push(`"${text}" is ${state} of ${user}, who has it ${has} times`);
  }
  const written = new Set(rows.map(({ text }) => text));
  for (const text of broadcasts) if (!written.has(text)) problems.push(`"${text}" was written to nobody`);
  return problems;
}
