import type { MessageEntity } from '../../../contract/index.ts';

export interface Formatted {
  text: string;
  entities: MessageEntity[];
}

/** A link as Telegram checks it: completed with a scheme, or nothing where it is none. */
export function linkEntity(url: string, place: { offset: number; length: number }): MessageEntity | undefined {
  const complete = /^[a-z][a-z0-9+.-]*:/i.test(url) && !/^[^/]+:\d/.test(url) ? url : `http://${url}`;
  if (!URL.canParse(complete)) return undefined;
  const { protocol, href } = new URL(complete);
  if (!['http:', 'https:', 'tg:', 'ton:'].includes(protocol)) return undefined;
  // A link to a user who is not known is shown as plain text.
  return href.startsWith('tg://user?id=') ? undefined : { type: 'text_link', ...place, url: href };
}
