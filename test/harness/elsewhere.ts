/** People who pay by Crypto Pay and NOWPayments: the simulated servers, and what is tapped to get there. */
import type { CallbackSource } from '../../contract/paths.ts';
import type { ChatMessage } from '../../local/contract/index.ts';
import { startCryptoPay, type SimulatedCryptoPay } from '../../local/world/payments/cryptopay.ts';
import {
  startNowPayments,
  type NowPayment,
  type SimulatedNowPayments,
} from '../../local/world/payments/nowpayments.ts';
import { cleanup, type Owner } from './cleanup.ts';
import { listener } from './money.ts';
import type { World } from './world.ts';

export interface Payers {
  crypto: SimulatedCryptoPay;
  now: SimulatedNowPayments;
  /** As the tills want them. */
  keys: { cryptoPay: { root: string; token: string }; nowPayments: { root: string; key: string } };
  /** As tasks want them. */
  env: Record<string, string>;
}

export async function startPayers(owner: Owner): Promise<Payers> {
  const undo = cleanup(owner);
  const crypto = await startCryptoPay();
  undo(() => crypto.stop());
  const now = await startNowPayments();
  undo(() => now.stop());
  return {
    crypto,
    now,
    keys: { cryptoPay: { root: crypto.root, token: crypto.token }, nowPayments: { root: now.root, key: now.key } },
    env: {
      CRYPTO_PAY_TOKEN: crypto.token,
      CRYPTO_PAY_ROOT: crypto.root,
      NOWPAYMENTS_API_KEY: now.key,
      NOWPAYMENTS_IPN_SECRET: now.ipnSecret,
      NOWPAYMENTS_ROOT: now.root,
    },
  };
}

export interface Buyers {
  /** Chooses a package and a way to pay it; resolves to what is said of it. */
  choose: (user: number, way: CallbackSource, answer: RegExp, name?: string) => Promise<ChatMessage>;
  /** Asks for an address; resolves to what NOWPayments made of it. */
  bill: (user: number, name?: string) => Promise<NowPayment>;
  /** Asks for an invoice; resolves to its id at Crypto Pay. */
  invoice: (user: number, name?: string) => Promise<number>;
}

/** @param within how long each answer may take, ms */
export function buyers(telegram: World['telegram'], { crypto, now }: Payers, within?: number): Buyers {
  const next = listener(telegram);
  async function choose(user: number, way: CallbackSource, answer: RegExp, name = 'small'): Promise<ChatMessage> {
    const offered = next(user, /Which package/, within);
    telegram.say(user, '/topup');
    const { messageId } = await offered;
    const asked = next(user, /how do you want to pay/, within);
    telegram.tap(user, messageId, `buy:${name}`);
    const choice = (await asked).messageId;
    const told = next(user, answer, within);
    telegram.tap(user, choice, `${way}:${name}`);
    return told;
  }
  return {
    choose,
    async bill(user, name) {
      await choose(user, 'nowPayments', /credits for \$[0-9.]+\. Send /, name);
      return now.payments().findLast(({ order_id }) => order_id.startsWith(`${user}-`))!;
    },
    async invoice(user, name) {
      const { buttons } = await choose(user, 'cryptoPay', /You pay with @CryptoBot/, name);
      const made = crypto.invoices().findLast(({ payload }) => payload.startsWith(`${user}-`))!;
      if (buttons[0]?.[0]?.url !== made.bot_invoice_url) throw new Error('the button leads elsewhere');
      return made.invoice_id;
    },
  };
}
