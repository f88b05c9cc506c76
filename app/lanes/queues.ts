/**
 * The queues of the inbox. What waits in one is handled lane by lane: a lane is a chat, one pre-checkout query, or one
 * payer, and is handled by one worker at a time (fault lock-race).
 */
import type { QueueName } from '../../posture/schema/index.ts';

/** The lower, the more urgent. Exhaustive by type: a queue declared in the posture and missing here does not compile. */
const PRIORITY: Record<QueueName, number> = { preCheckout: 0, payment: 5, chat: 10 };

/** Every queue, the most urgent first. */
export const QUEUES = (Object.keys(PRIORITY) as QueueName[]).sort((a, b) => PRIORITY[a] - PRIORITY[b]);
