/** The outbox: what is said because of something that was committed. `say` writes it, a sender in every worker sends it. */
export { createPost, type Post } from './post.ts';
export { sayProgress } from './progress.ts';
export { say, type Message } from './say.ts';
export { startOutbox, type Outbox, type OutboxCounters } from './sender.ts';
export type { MessageClass } from './classes.ts';
