/** What is reachable from outside, and from where. */
export const WEBHOOK_PATH = '/telegram/webhook';
export const HEALTH_PATH = '/health';
/** Never touches the database: ECS replaces a task whose target is unhealthy, and an outage must not end them all. */
export const LIVE_PATH = '/live';

/** Where Telegram's webhooks come from (core.telegram.org/bots/webhooks). */
export const TELEGRAM_RANGES = ['149.154.160.0/20', '91.108.4.0/22'];
