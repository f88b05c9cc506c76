/** Who is told of what: the addresses for everything, and those for pages or tickets alone. */
import type { Posture } from './schema/index.ts';

type Oncall = Posture['oncall'];
/** What wakes somebody, and what waits for the working day. */
export type Tells = 'page' | 'ticket';

export interface Recipients {
  emails: string[];
  https: string[];
}

/** Everybody whom a topic tells, each kind in the order in which it is written. */
export const recipients = (oncall: Oncall, tells: Tells): Recipients => ({
  emails: [...oncall.emails, ...oncall[tells].emails],
  https: [...oncall.https, ...oncall[tells].https],
});

/** How many are told, chats included; the one in Telegram gets pages alone. */
export function told(oncall: Oncall, tells: Tells): number {
  const { emails, https } = recipients(oncall, tells);
  const chats = [tells === 'page' ? oncall.telegramChat : undefined, oncall.slack?.[tells]];
  return emails.length + https.length + chats.filter((chat) => chat !== undefined).length;
}
