/** Paths of a task's HTTP server: what the app serves, the ways in let through, and the sentinel asks. */
export const WEBHOOK_PATH = '/telegram/webhook';
export const HEALTH_PATH = '/health';
/** Never touches the database: who replaces a task that is not live must not end them all in an outage of it. */
export const LIVE_PATH = '/live';
export const READY_PATH = '/ready';
