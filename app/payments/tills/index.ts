/** The tills that there are keys for, whatever is for sale: what was begun is looked after. */
import { CALLBACK_PATHS } from '../../../contract/paths.ts';
import type { Posture } from '../../../posture/schema/index.ts';
import type { Logger } from '../../log.ts';
import { createTillClient, type TillClient } from './client.ts';
import { cryptoPayTill } from './cryptopay.ts';
import { nowPaymentsTill } from './nowpayments.ts';
import type { Tills } from './till.ts';

export * from './till.ts';

export interface TillKeys {
  cryptoPay?: { root: string; token: string };
  nowPayments?: { root: string; key: string };
  /** Where the bot is reached from outside. */
  publicUrl?: string;
}

export interface OpenTills {
  tills: Tills;
  states: () => Record<string, ReturnType<TillClient['state']>>;
  close(): Promise<void>;
}

export function openTills({ cryptoPay, nowPayments, publicUrl }: TillKeys, posture: Posture, log: Logger): OpenTills {
  const clients: Record<string, TillClient> = {};
  const tills: Tills = {};
  if (cryptoPay) {
    const headers = { 'crypto-pay-api-token': cryptoPay.token };
    clients['cryptoPay'] = createTillClient('cryptoPay', { baseUrl: `${cryptoPay.root}/api`, headers }, posture, log);
    tills.cryptoPay = cryptoPayTill(clients['cryptoPay']);
  }
  if (nowPayments) {
    const headers = { 'x-api-key': nowPayments.key };
    clients['nowPayments'] = createTillClient('nowPayments', { baseUrl: nowPayments.root, headers }, posture, log);
    const callbackUrl = publicUrl === undefined ? undefined : new URL(CALLBACK_PATHS.nowPayments, publicUrl).href;
    tills.nowPayments = nowPaymentsTill(clients['nowPayments'], { coin: posture.payments.coin, callbackUrl });
  }
  return {
    tills,
    states: () => Object.fromEntries(Object.entries(clients).map(([name, client]) => [name, client.state()])),
    close: async () => void (await Promise.all(Object.values(clients).map((client) => client.close()))),
  };
}
