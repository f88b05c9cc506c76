/** Part: signed callbacks of payments that are acknowledged a second, beside Telegram's updates in the same task. */
import { createHash, createHmac } from 'node:crypto';
import { CALLBACK_PATHS } from '../../contract/paths.ts';
import { load, loadWith, type LoadResult } from './load.ts';
import { against, inTurn, median, ratio, type Row } from './report.ts';
import type { Stage } from './stage.ts';

const TOKEN = '12345:AAbenchbenchbenchbenchbench';
const KEY = createHash('sha256').update(TOKEN).digest();
const [UPDATES, CALLBACKS] = ['updates', 'callbacks'] as const;

let nextInvoice = 1;

/** An invoice that was paid, as Crypto Pay tells of it, and its signature. */
function signed(): { body: string; headers: Record<string, string> } {
  const id = nextInvoice++;
  const body = JSON.stringify({
    update_id: id,
    update_type: 'invoice_paid',
    request_date: '2026-11-26T00:00:00.000Z',
    payload: {
      invoice_id: id,
      hash: `IV${id}`,
      status: 'paid',
      currency_type: 'fiat',
      fiat: 'USD',
      amount: '1.00',
      paid_asset: 'TON',
      paid_amount: '0.5',
      payload: `o${id}`,
    },
  });
  const signature = createHmac('sha256', KEY).update(body).digest('hex');
  return { body, headers: { 'content-type': 'application/json', 'crypto-pay-api-signature': signature } };
}

export async function benchCallbacks(
  stage: Stage,
  { seconds, rounds }: { seconds: number; rounds: number },
  say: (text: string) => void,
): Promise<Row[]> {
  // As many at once as the task takes of callbacks: what is compared is the work, not the number that wait for it.
  const connections = stage.posture.web.callbacks.maxInFlight;
  const results = new Map<string, LoadResult[]>([UPDATES, CALLBACKS].map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1)
    for (const name of inTurn([...results.keys()], round)) {
      const web = await stage.role('web', {
        DATABASE_URL: await stage.database(true),
        BOT_TOKEN: '1234567890:AAbenchbenchbenchbenchbenchbenchbench',
        CRYPTO_PAY_TOKEN: TOKEN,
      });
      const run = (duration: number) =>
        name === UPDATES
          ? load(web.url, duration, connections)
          : loadWith(`${web.url}${CALLBACK_PATHS.cryptoPay}`, duration, signed, connections);
      try {
        await run(1);
        const result = await run(seconds);
        results.get(name)!.push(result);
        say(
          `callbacks ${round + 1}/${rounds} ${name}: ${Math.round(result.rate)}/s, p99 ${result.p99} ms, ${result.failed} refused`,
        );
      } finally {
        await web.stop();
      }
    }
  const rate = (name: string) => median(results.get(name)!.map((result) => result.rate));
  const failed = results.get(CALLBACKS)!.reduce((sum, result) => sum + result.failed, 0);
  return [
    against(
      {
        name: 'callbacks: acknowledged / updates, as many at once',
        value: ratio(rate(CALLBACKS), rate(UPDATES)),
        unit: 'ratio',
      },
      '≥',
      0.7,
    ),
    against({ name: 'callbacks: answers other than 200', value: failed, unit: 'count' }, '≤', 0),
    { name: 'callbacks: acknowledged', value: rate(CALLBACKS), unit: '/s' },
  ];
}
