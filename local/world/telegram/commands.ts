/** The simulated Telegram's control commands. */
import { z } from 'zod';
import type { SimulatedTelegram } from '../../contract/index.ts';
import { command, type Commands } from '../control.ts';

const chatId = z.int();
const messageId = z.int();
const seconds = z.int().min(1);

/** Faults as JSON; a fault that is not named is off. */
export const faultsSchema = z.strictObject({
  rateLimit: z.strictObject({ retryAfter: seconds, chatId: chatId.exactOptional() }).exactOptional(),
  hang: z.boolean().exactOptional(),
  error: z.boolean().exactOptional(),
  latency: z.number().min(0).exactOptional(),
  duplicates: z.int().min(1).max(100).exactOptional(),
  loseAnswers: z.boolean().exactOptional(),
  lateAnswers: z.number().min(0).exactOptional(),
  spoiltAnswers: z.enum(['cut', 'null', 'malformed', 'reset']).exactOptional(),
  gateway: z
    .strictObject({ status: z.union([z.literal(502), z.literal(504)]), delivered: z.boolean() })
    .exactOptional(),
  sendsOnly: z.boolean().exactOptional(),
  migrated: z.record(z.string(), chatId).exactOptional(),
  forbidden: z.record(z.string(), z.string().min(1)).exactOptional(),
  refuse: z.boolean().exactOptional(),
  blocked: z.array(chatId).exactOptional(),
  deleted: z.array(chatId).exactOptional(),
  losePayments: z.boolean().exactOptional(),
  refundsSayDone: z.boolean().exactOptional(),
  noDrafts: z.boolean().exactOptional(),
  noMarkup: z.boolean().exactOptional(),
});

/** Limits as JSON; one that is not named does not hold. */
const limitsSchema = z.strictObject({
  global: z.number().positive().exactOptional(),
  chat: z.number().positive().exactOptional(),
  group: z.int().min(1).exactOptional(),
});

const share = z.number().min(0).max(1);
const floodSchema = z.strictObject({
  updates: z.int().min(1),
  chats: z.int().min(1).exactOptional(),
  firstChat: chatId.exactOptional(),
  rate: z.number().positive().exactOptional(),
  duplicates: z.int().min(1).max(100).exactOptional(),
  text: z.string().exactOptional(),
  taps: share.exactOptional(),
  edits: share.exactOptional(),
});

const nothing = z.object({});

export function telegramCommands(telegram: SimulatedTelegram): Commands {
  return {
    'POST say': command(
      z.strictObject({ chatId, text: z.string().min(1), firstName: z.string().exactOptional() }),
      ({ chatId: chat, text, ...options }) => ({ updateId: telegram.say(chat, text, options) }),
    ),
    'POST edit': command(z.strictObject({ chatId, messageId, text: z.string().min(1) }), (edit) => ({
      updateId: telegram.edit(edit.chatId, edit.messageId, edit.text),
    })),
    'POST tap': command(z.strictObject({ chatId, messageId, data: z.string().min(1) }), (tap) => ({
      updateId: telegram.tap(tap.chatId, tap.messageId, tap.data),
    })),
    'POST pre-checkout': command(z.strictObject({ chatId, payload: z.string().min(1) }), (asked) => ({
      updateId: telegram.preCheckout(asked.chatId, asked.payload),
    })),
    'POST pay': command(z.strictObject({ chatId, messageId, by: chatId.exactOptional() }), ({ by, ...paid }) => ({
      updateId: telegram.pay(paid.chatId, paid.messageId, by === undefined ? {} : { by }),
    })),
    'POST charge': command(z.strictObject({ chatId, payload: z.string().min(1) }), (paid) => ({
      charge: telegram.charge(paid.chatId, paid.payload),
    })),
    'POST charge-back': command(z.strictObject({ charge: z.string().min(1) }), ({ charge }) =>
      telegram.chargeBack(charge),
    ),
    'POST pay-link': command(z.strictObject({ chatId, url: z.string().min(1) }), (paid) => ({
      updateId: telegram.payLink(paid.chatId, paid.url),
    })),
    'GET mandates': command(z.strictObject({ chatId }), (asked) => telegram.mandates(asked.chatId)),
    'POST month': command(
      z.strictObject({ chatId, fails: z.boolean().exactOptional() }),
      ({ chatId: of, ...passed }) => ({
        charges: telegram.monthPasses(of, passed),
      }),
    ),
    'POST mandate': command(
      z.strictObject({ chatId, payload: z.string().min(1), state: z.enum(['canceled', 'active']) }),
      (changed) => telegram.changeMandate(changed.chatId, changed.payload, changed.state),
    ),
    'GET stars': command(nothing, () => telegram.stars()),
    'POST open': command(z.strictObject({ chatId, firstName: z.string().exactOptional() }), (opened) =>
      telegram.open(opened.chatId, opened.firstName),
    ),
    'GET chats': command(nothing, () => telegram.chats()),
    'GET messages': command(z.strictObject({ chatId }), (asked) => telegram.messages(asked.chatId)),
    'GET faults': command(nothing, () => telegram.faults),
    'PUT faults': command(faultsSchema, (faults) => (telegram.faults = faults)),
    'GET limits': command(nothing, () => telegram.limits),
    'PUT limits': command(limitsSchema, (limits) => (telegram.limits = limits)),
    'GET stats': command(nothing, () => telegram.stats()),
    'POST flood': command(floodSchema, (flood) => telegram.flood(flood)),
    'GET flood': command(nothing, () => telegram.floodReport()),
    'GET flood/acknowledged': command(nothing, () => telegram.floodAcknowledged()),
    'DELETE flood': command(nothing, () => telegram.resetFlood()),
  };
}
