/** What the people of the page were asked to pay by others than Telegram, and what becomes of it. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Bill, SimulatedPayer, SimulatedPayers } from '../contract/index.ts';
import type { Acting } from './actions.ts';
import { parse, Refused } from './refused.ts';

/** Of one chat, on the page. */
const SHOWN = 6;

const playBody = z.strictObject({
  chatId: z.int(),
  payer: z.enum(['cryptoPay', 'nowPayments']),
  id: z.string().min(1).max(30),
  deed: z.string().min(1).max(30),
});

type Name = keyof SimulatedPayers;

/** The bot names its orders so that who ordered stands first. */
const isOf = ({ reference }: Bill, chatId: number): boolean => reference.startsWith(`${chatId}-`);

const all = (payers: SimulatedPayers): [Name, SimulatedPayer][] => Object.entries(payers) as [Name, SimulatedPayer][];

const billsOf = (payers: SimulatedPayers, chatId: number): (Bill & { payer: Name })[] =>
  all(payers)
    .flatMap(([payer, one]) => one.bills().map((bill) => ({ ...bill, payer })))
    .filter((bill) => isOf(bill, chatId));

/** The person presses a button that leads to a page where they pay. @returns whether it leads to one of these */
export function payBill(payers: SimulatedPayers, chatId: number, url: string): boolean {
  const bill = billsOf(payers, chatId).find((one) => one.url === url);
  if (!bill) return false;
  if (!('pay' in bill.deeds)) throw new Refused(409, `this bill is ${bill.status}: it cannot be paid any more`);
  payers[bill.payer]!.play(bill.id, 'pay');
  return true;
}

/** The person sends from their wallet what a message asks for, to the address in it. */
function payAddress(payers: SimulatedPayers, chatId: number, text: string): void {
  const asked = billsOf(payers, chatId).filter(({ address }) => address !== undefined && text.includes(address));
  const [first] = asked;
  if (!first) throw new Refused(404, 'nobody here is paid at this address');
  const bill = asked.find(({ deeds }) => 'pay' in deeds);
  if (!bill)
    throw new Refused(
      409,
      `this bill is ${first.status.replaceAll('_', ' ')}: what else can become of it stands beside it in “Crypto”`,
    );
  payers[bill.payer]!.play(bill.id, 'pay');
}

const addressBody = z.strictObject({ chatId: z.int(), messageId: z.int() });

export function addBills(app: FastifyInstance, { chatting, payers, journal }: Acting): void {
  app.get<{ Params: { id: string } }>('/api/bills/:id', async ({ params }, reply) => {
    const id = Number(params.id);
    // As with the ledger: that there is nothing is no error.
    if (!chatting?.rooms.has(id)) return reply.code(204).send();
    return billsOf(payers, id).slice(-SHOWN);
  });

  app.post('/api/pay-address', async ({ body }) => {
    const { chatId, messageId } = parse(addressBody, body);
    const message = chatting?.rooms.has(chatId)
      ? chatting.telegram.messages(chatId).find((one) => one.messageId === messageId)
      : undefined;
    if (!message) throw new Refused(404, `chat ${chatId} has no message ${messageId}`);
    payAddress(payers, chatId, message.text);
    return { paid: true };
  });

  app.post('/api/bills', async ({ body }) => {
    const { chatId, payer, id, deed } = parse(playBody, body);
    const bill = billsOf(payers, chatId).find((one) => one.payer === payer && one.id === id);
    if (!bill) throw new Refused(404, `chat ${chatId} has no bill ${id} there`);
    const label = bill.deeds[deed];
    if (label === undefined) throw new Refused(409, `this bill is ${bill.status}: that cannot become of it now`);
    payers[payer]!.play(id, deed);
    journal.add({ level: 'info', text: `Bill ${id} of chat ${chatId} at ${payer}: ${label}` });
    return { payer, id, deed };
  });
}
