/** What the sentinel reads of the answers it gets: the parts that it needs, and nothing is believed unparsed. */
import { z } from 'zod';
import { glimpse, type Glimpse } from '../contract/health.ts';
import type { Answer } from './ask.ts';

const gauge = z.number().min(0);

/** `getWebhookInfo` of the Bot API. */
const webhook = z.object({
  url: z.string(),
  pending_update_count: gauge,
  last_error_date: gauge.optional(),
  last_error_message: z.string().optional(),
  max_connections: z.number().optional(),
  allowed_updates: z.array(z.string()).optional(),
});

const envelope = z.object({ ok: z.boolean(), result: z.unknown().optional(), description: z.string().optional() });

export type WebhookInfo = z.output<typeof webhook>;

/** The bot: its health, or why there is none. */
export type BotAnswer = { kind: 'health'; health: Glimpse } | { kind: 'unusable'; reason: string };

/** Telegram: its webhook; that the token is not valid; or why there is no answer. */
export type TelegramAnswer =
  | { kind: 'webhook'; webhook: WebhookInfo }
  | { kind: 'refused'; reason: string }
  | { kind: 'unusable'; reason: string };

/** Its own status is 503 when it is unhealthy, so the body counts. */
export function readBot(answer: Answer): BotAnswer {
  if (answer.kind === 'silence') return { kind: 'unusable', reason: answer.reason };
  const parsed = glimpse.safeParse(answer.body);
  if (!parsed.success || ![200, 503].includes(answer.status))
    return { kind: 'unusable', reason: `HTTP ${answer.status}, no health in it` };
  // A load balancer without targets says 503 too, and not in JSON; a task that says "healthy" with 503 is not to be believed.
  if (answer.status === 503 && parsed.data.status !== 'unhealthy')
    return { kind: 'unusable', reason: `HTTP 503 with status ${parsed.data.status}` };
  return { kind: 'health', health: parsed.data };
}

export function readTelegram(answer: Answer): TelegramAnswer {
  if (answer.kind === 'silence') return { kind: 'unusable', reason: answer.reason };
  const parsed = envelope.safeParse(answer.body);
  const description = parsed.success ? (parsed.data.description ?? '') : 'not an answer of the Bot API';
  // 401 for a revoked token, 404 for one that never was; only an answer of the Bot API counts as a refusal.
  if (parsed.success && (answer.status === 401 || answer.status === 404))
    return { kind: 'refused', reason: `HTTP ${answer.status} ${description}` };
  const info = webhook.safeParse(parsed.data?.result);
  if (!parsed.data?.ok || !info.success)
    return { kind: 'unusable', reason: `HTTP ${answer.status} ${description}`.trim() };
  return { kind: 'webhook', webhook: info.data };
}
