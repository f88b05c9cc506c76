/** Providers beside Telegram that take money; each tells of it by callbacks (contract/paths.ts). */
export const PAYERS = ['cryptoPay', 'nowPayments'] as const;
export type CallbackSource = (typeof PAYERS)[number];
