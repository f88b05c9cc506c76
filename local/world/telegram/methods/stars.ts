/** Methods of Telegram Stars. */
import type { Invoice } from '../../../contract/index.ts';
import { badRequest } from '../errors.ts';
import { flag, integer, isRecord, structure, text, type Params } from '../params.ts';
import { MONTH } from '../stars.ts';
import { wireMessage } from '../wire.ts';
import { chatOf, type Method } from './context.ts';

/** An invoice in Stars has one price, in whole Stars, and a payload of 1 to 128 bytes. @throws ApiError 400 */
function invoiceOf(params: Params): Invoice {
  const [title, description, payload] = ['title', 'description', 'payload'].map((name) => text(params, name)) as [
    string,
    string,
    string,
  ];
  if (title === '' || title.length > 32) throw badRequest('TITLE_INVALID');
  if (description === '' || description.length > 255) throw badRequest('DESCRIPTION_INVALID');
  if (payload === '' || Buffer.byteLength(payload) > 128) throw badRequest('INVOICE_PAYLOAD_INVALID');
  if (text(params, 'currency') !== 'XTR') throw badRequest('CURRENCY_INVALID');
  if (text(params, 'provider_token') !== '') throw badRequest('PAYMENT_PROVIDER_INVALID');
  const prices = structure(params, 'prices');
  if (!Array.isArray(prices) || prices.length !== 1 || !isRecord(prices[0])) throw badRequest('STARS_INVOICE_INVALID');
  const { amount } = prices[0];
  if (!Number.isSafeInteger(amount) || (amount as number) < 1) throw badRequest('STARS_INVOICE_INVALID');
  return {
    title,
    description,
    payload,
    amount: amount as number,
    ...(text(params, 'start_parameter') !== '' && { startParameter: text(params, 'start_parameter') }),
  };
}

const sendInvoice: Method = (context, params) => {
  const chat = chatOf(context, params);
  const invoice = invoiceOf(params);
  context.stars.offer(invoice);
  const words = `${invoice.title}\n${invoice.description}`;
  const message = context.chats.add(chat, { from: 'bot', text: words, entities: [], buttons: [], invoice });
  context.counters.sent++;
  return wireMessage(context.bot, chat, message);
};

const refundStarPayment: Method = ({ people, stars, chats, faults }, params) => {
  const userId = integer(params, 'user_id', 0);
  if (userId === 0) throw badRequest('invalid user_id specified');
  const charge = text(params, 'telegram_payment_charge_id');
  if (faults().deleted?.includes(userId)) throw badRequest('USER_ID_INVALID');
  const chat = chats.open(userId);
  const payment = stars.refund(charge, userId, chat.firstName);
  people.refunded(chat, payment);
  // As it was seen once: it has worked, and says that it had been done before (telegram-bot-api#690).
  if (faults().refundsSayDone) throw badRequest('CHARGE_ALREADY_REFUNDED');
  return true;
};

/** The longest price of a month, Stars. */
const MOST_A_MONTH = 10_000;

/** A subscription is sold by a link alone. */
const createInvoiceLink: Method = ({ stars }, params) => {
  const invoice = invoiceOf(params);
  const period = integer(params, 'subscription_period', 0);
  if (period !== 0 && (period !== MONTH || invoice.amount > MOST_A_MONTH))
    throw badRequest('SUBSCRIPTION_PERIOD_INVALID');
  return stars.link({ ...invoice, ...(period !== 0 && { period }) });
};

const editUserStarSubscription: Method = ({ stars }, params) => {
  stars.edit(integer(params, 'user_id', 0), text(params, 'telegram_payment_charge_id'), flag(params, 'is_canceled'));
  return true;
};

export const starMethods: Record<string, Method> = {
  sendInvoice,
  createInvoiceLink,
  editUserStarSubscription,
  refundStarPayment,
  getMyStarBalance: ({ stars }) => stars.balance(),
  getStarTransactions: ({ stars }, params) => ({
    transactions: stars.list(integer(params, 'offset', 0, 0), integer(params, 'limit', 100, 1, 100)),
  }),
};
