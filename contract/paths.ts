/** Paths of a task's HTTP server: what the app serves, the ways in let through, and the sentinel asks. */
export const WEBHOOK_PATH = '/telegram/webhook';
export const HEALTH_PATH = '/health';
/** Never touches the database: who replaces a task that is not live must not end them all in an outage of it. */
export const LIVE_PATH = '/live';
export const READY_PATH = '/ready';

/** Where who is paid by others than Telegram tells of it, by the name of the provider. */
export const CALLBACK_PATHS = {
  cryptoPay: '/callback/cryptopay',
  nowPayments: '/callback/nowpayments',
} as const;
export type CallbackSource = keyof typeof CALLBACK_PATHS;

/** Where it is said that a render is over; which one, and that it was us who said where, stands in the rest of the path. */
export const RENDERED_PATH = '/callback/novita/';

/** Where files lie that are too large for a chat; the rest of the path is the key to one. */
export const FILES_PATH = '/d/';

interface WayIn {
  /** Kebab case, short: the end of a name in AWS. */
  part: string;
  /** A `*` at its end: whatever stands behind, without a further slash being needed. */
  path: string;
  method: 'GET' | 'POST';
  /** Nobody but Telegram has reason to come here. */
  ofTelegram?: true;
}

/**
 * What is let in from outside: load balancer, CloudFront and front door forward these and nothing else. All of them,
 * always: a provider that was switched off still has payments under way (fault route-switched-off), and the task itself
 * has no route where it has no secret to check a signature with.
 */
export const WAYS_IN: readonly WayIn[] = [
  { part: 'webhook', path: WEBHOOK_PATH, method: 'POST', ofTelegram: true },
  { part: 'health', path: HEALTH_PATH, method: 'GET' },
  { part: 'cryptopay', path: CALLBACK_PATHS.cryptoPay, method: 'POST' },
  { part: 'nowpay', path: CALLBACK_PATHS.nowPayments, method: 'POST' },
  { part: 'novita', path: `${RENDERED_PATH}*`, method: 'POST' },
  { part: 'files', path: `${FILES_PATH}*`, method: 'GET' },
];

/** Whether a path of a request is that of a way in. */
export const leadsTo = (way: string, path: string): boolean =>
  way.endsWith('*') ? path.startsWith(way.slice(0, -1)) && path.length >= way.length : path === way;
