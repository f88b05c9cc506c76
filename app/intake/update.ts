/** What the intake must know of an update: that it is one, its id, and which lane keeps its order. */
import type { QueueName } from '../../posture/schema/index.ts';

export interface IncomingUpdate {
  updateId: number;
  queue: QueueName;
  /** What must be handled one at a time and in order. */
  lane: string;
  /** The update as received, JSON text. */
  body: string;
}

type Json = Record<string, unknown>;

const asObject = (value: unknown): Json | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
const asId = (value: unknown): number | undefined => (Number.isSafeInteger(value) ? (value as number) : undefined);

/**
 * Reads an update from its JSON text. Any object with an update id is one, whatever else it holds: an update of a type
 * that this release does not know is stored like the others. Undefined for what is not an update.
 */
export function parseUpdate(body: string, botId: number): IncomingUpdate | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return undefined;
  }
  const update = asObject(parsed);
  const updateId = asId(update?.['update_id']);
  if (update === undefined || updateId === undefined || updateId < 0) return undefined;
  return { updateId, ...laneOf(update, updateId, botId), body };
}

/**
 * Pre-checkout queries must be answered within 10 s, so they never wait behind a chat: each is a lane of its own. What was
 * paid is booked in a lane of its payer, which does nothing else.
 */
function laneOf(update: Json, updateId: number, botId: number): { queue: QueueName; lane: string } {
  if (update['pre_checkout_query'] !== undefined) return { queue: 'preCheckout', lane: `${botId}:pre:${updateId}` };
  const payer = payerOf(update);
  if (payer !== undefined) return { queue: 'payment', lane: `${botId}:pay:${payer}` };
  return { queue: 'chat', lane: laneOfChat(botId, chatOf(update) ?? `update:${updateId}`) };
}

/** @param chat its id; or what stands for one where an update belongs to none */
export const laneOfChat = (botId: number, chat: number | string): string => `${botId}:${chat}`;

/** Who has paid, has been refunded, or has changed a subscription; of a refund, the private chat says it. */
function payerOf(update: Json): number | undefined {
  const message = asObject(update['message']);
  if (message?.['successful_payment'] !== undefined) return asId(asObject(message['from'])?.['id']);
  if (message?.['refunded_payment'] !== undefined) return asId(asObject(message['chat'])?.['id']);
  return asId(asObject(asObject(update['subscription'])?.['user'])?.['id']);
}

/** The chat that an update belongs to, else its sender; whatever the type is called, the fields are the same. */
function chatOf(update: Json): number | undefined {
  for (const value of Object.values(update)) {
    const event = asObject(value);
    if (event === undefined) continue;
    const message = asObject(event['message']);
    const id =
      asId(asObject(event['chat'])?.['id']) ??
      asId(asObject(message?.['chat'])?.['id']) ??
      asId(asObject(event['from'])?.['id']) ??
      asId(asObject(event['user'])?.['id']) ??
      asId(event['user_chat_id']);
    if (id !== undefined) return id;
  }
  return undefined;
}
