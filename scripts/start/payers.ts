/**
 * Crypto Pay and NOWPayments on the laptop: simulated, with keys made for this run, unless a real key is given. What takes
 * payments by them is on here where Telegram is simulated, too: nobody is charged, and nobody's terms are broken.
 */
import { CALLBACK_PATHS } from '../../contract/paths.ts';
import type { SimulatedPayers } from '../../local/contract/index.ts';
import { startCryptoPay } from '../../local/world/payments/cryptopay.ts';
import { startNowPayments } from '../../local/world/payments/nowpayments.ts';

export interface Payers {
  /** For the tasks. */
  env: Record<string, string>;
  /** For the report. */
  names: string[];
  /** Those that are simulated. */
  payers: SimulatedPayers;
  /** Tells them where the bot is reached, as its owner would in their settings. */
  connect(publicUrl: string): void;
  stop(): Promise<void>;
}

/** Before a repeat of a callback that was refused, ms: a minute in life. */
const PAUSE = 2_000;

const given = (env: NodeJS.ProcessEnv, ...names: string[]): Record<string, string> =>
  Object.fromEntries(names.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));

export async function startPayers(env: NodeJS.ProcessEnv): Promise<Payers> {
  await using undo = new AsyncDisposableStack();
  const all: Payers = { env: {}, names: [], payers: {}, connect: () => undefined, stop: () => Promise.resolve() };

  if (env['CRYPTO_PAY_TOKEN']) {
    all.names.push('real Crypto Pay');
    Object.assign(all.env, given(env, 'CRYPTO_PAY_TOKEN', 'CRYPTO_PAY_ROOT'));
  } else {
    const crypto = await startCryptoPay({ pause: PAUSE });
    undo.defer(() => crypto.stop());
    all.names.push('simulated Crypto Pay');
    all.payers.cryptoPay = crypto;
    Object.assign(all.env, { CRYPTO_PAY_TOKEN: crypto.token, CRYPTO_PAY_ROOT: crypto.root });
    all.connect = (publicUrl) => void (crypto.webhook = publicUrl + CALLBACK_PATHS.cryptoPay);
  }

  if (env['NOWPAYMENTS_API_KEY']) {
    all.names.push('real NOWPayments');
    Object.assign(all.env, given(env, 'NOWPAYMENTS_API_KEY', 'NOWPAYMENTS_IPN_SECRET', 'NOWPAYMENTS_ROOT'));
  } else {
    const now = await startNowPayments({ pause: PAUSE });
    undo.defer(() => now.stop());
    all.names.push('simulated NOWPayments');
    all.payers.nowPayments = now;
    const { key, ipnSecret, root } = now;
    Object.assign(all.env, {
      NOWPAYMENTS_API_KEY: key,
      NOWPAYMENTS_IPN_SECRET: ipnSecret,
      NOWPAYMENTS_ROOT: root,
    });
  }
  const running = undo.move();
  return { ...all, stop: () => running.disposeAsync() };
}
