/** Part: from the moment at which Stars change hands until their payer has the receipt, and with it the credits. */
import { setTimeout as sleep } from 'node:timers/promises';
import { order } from '../../app/payments/purchase.ts';
import { startTelegram } from '../../local/world/telegram/index.ts';
import { openPool } from './pool.ts';
import { against, median, type Row } from './report.ts';
import { query, WEBHOOK_SECRET, type Stage } from './stage.ts';

const FIRST_USER = 3_000_001;
const TOLD_WITHIN = 60_000;

export async function benchPaid(
  stage: Stage,
  { payments, rate }: { payments: number; rate: number },
  say: (text: string) => void,
): Promise<Row[]> {
  const database = await stage.database(true);
  const telegram = await startTelegram({ limits: {} });
  const { botToken, apiRoot } = telegram;
  const botId = Number(botToken.split(':')[0]);
  const pool = openPool(database, stage.posture, { max: 2, botId });
  const web = await stage.role('web', { DATABASE_URL: database, BOT_TOKEN: botToken });
  const worker = await stage.role('worker', {
    DATABASE_URL: database,
    BOT_TOKEN: botToken,
    TELEGRAM_API_ROOT: apiRoot,
  });
  const paidAt = new Map<number, number>();
  const took = new Map<number, number>();
  const unsubscribe = telegram.subscribe((event) => {
    if (event.kind !== 'message' || event.message.from !== 'bot' || !event.message.text.startsWith('Receipt')) return;
    const paid = paidAt.get(event.chatId);
    if (paid !== undefined && !took.has(event.chatId)) took.set(event.chatId, performance.now() - paid);
  });
  try {
    const response = await fetch(`${apiRoot}/bot${botToken}/setWebhook`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ url: `${web.url}/telegram/webhook`, secret_token: WEBHOOK_SECRET, max_connections: 40 }),
    });
    if (!response.ok) throw new Error(`setWebhook: ${await response.text()}`);
    const wanted = { name: 'small', credits: 100n, price: 100n };
    const orders: string[] = [];
    for (let n = 0; n < payments; n += 1) {
      const userId = FIRST_USER + n;
      telegram.open(userId);
      orders.push((await order(pool, { botId, updateId: n + 1, userId, package: wanted, lasts: 3_600_000 })).id);
    }
    const began = performance.now();
    for (let n = 0; n < payments; n += 1) {
      await sleep(Math.max(0, began + (n * 1000) / rate - performance.now()));
      paidAt.set(FIRST_USER + n, performance.now());
      telegram.charge(FIRST_USER + n, orders[n]!);
    }
    for (const until = performance.now() + TOLD_WITHIN; took.size < payments && performance.now() < until;)
      await sleep(20);
    const times = [...took.values()].toSorted((a, b) => a - b);
    const p99 = times[Math.max(0, Math.ceil(times.length * 0.99) - 1)];
    const [credited] = await query<{ count: number }>(
      database,
      `SELECT count(*)::int AS count FROM evenkeel.ledger_tx WHERE kind = 'credit'`,
    );
    say(`paid: told after ${Math.round(median(times) ?? NaN)} ms (half), ${Math.round(p99 ?? NaN)} ms (99 %)`);
    return [
      against({ name: `paid to credited and told at ${rate}/s: p99`, value: p99, unit: 'ms' }, '≤', 500),
      { name: `paid to credited and told at ${rate}/s: p50`, value: median(times), unit: 'ms' },
      against(
        { name: 'paid: not credited or not told', value: 2 * payments - credited!.count - times.length, unit: 'count' },
        '≤',
        0,
      ),
    ];
  } finally {
    unsubscribe();
    await Promise.all([web.stop(), worker.stop()]);
    await pool.end();
    await telegram.stop();
  }
}
