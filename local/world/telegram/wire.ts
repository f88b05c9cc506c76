/** Chats and messages in the shapes of the Bot API. */
import type { ChatMessage, Media } from '../../contract/index.ts';
import type { Chat } from './chats.ts';

/** The bot as getMe shows it. */
export interface BotUser {
  id: number;
  is_bot: true;
  first_name: string;
  username: string;
}

export function wireUser(chat: Chat): object {
  const id = Math.abs(chat.id);
  return {
    id,
    is_bot: false,
    first_name: chat.firstName,
    username: `person${id}`,
    language_code: chat.languageCode,
  };
}

export function wireChat(chat: Chat): object {
  return chat.id > 0
    ? { id: chat.id, first_name: chat.firstName, type: 'private' }
    : { id: chat.id, title: chat.firstName, type: 'supergroup' };
}

/** Telegram shows one reply, and not what that replied to. */
function withoutReply({ replyTo: _, ...message }: ChatMessage): ChatMessage {
  return message;
}

/** It says what it is: a file can be sent again by its id for as long as this world lasts. */
const fileId = ({ kind, name, size }: Media): string =>
  `file-${Buffer.from(JSON.stringify([kind, name, size])).toString('base64url')}`;

/** Undefined where it is none of ours, or of another kind. */
export function mediaOf(id: string, kind: Media['kind']): Media | undefined {
  const [, encoded] = /^file-([\w-]+)$/.exec(id) ?? [];
  if (encoded === undefined) return undefined;
  const [of, name, size] = JSON.parse(Buffer.from(encoded, 'base64url').toString()) as [Media['kind'], string, number];
  return of === kind ? { kind, name, size } : undefined;
}

function wireMedia(media: Media, { messageId, text }: ChatMessage): object {
  const { kind, name, size } = media;
  const file = { file_id: fileId(media), file_unique_id: `unique-${messageId}`, file_size: size };
  const caption = text === '' ? {} : { caption: text };
  if (kind === 'photo') return { photo: [{ ...file, width: 128, height: 128 }], ...caption };
  if (kind === 'video')
    return { video: { ...file, width: 640, height: 480, duration: 2, file_name: name }, ...caption };
  if (kind === 'audio') return { audio: { ...file, duration: 2, file_name: name }, ...caption };
  return { document: { ...file, file_name: name }, ...caption };
}

export function wireMessage(bot: BotUser, chat: Chat, message: ChatMessage): object {
  const answered =
    message.replyTo === undefined ? undefined : chat.messages.find(({ messageId }) => messageId === message.replyTo);
  return {
    message_id: message.messageId,
    from: message.from === 'bot' ? bot : wireUser(chat),
    chat: wireChat(chat),
    date: message.date,
    ...(message.edited && { edit_date: Math.floor(Date.now() / 1000) }),
    ...(message.invoice
      ? {
          invoice: {
            title: message.invoice.title,
            description: message.invoice.description,
            start_parameter: message.invoice.startParameter ?? '',
            currency: 'XTR',
            total_amount: message.invoice.amount,
          },
        }
      : message.media
        ? wireMedia(message.media, message)
        : { text: message.text }),
    ...(answered && { reply_to_message: wireMessage(bot, chat, withoutReply(answered)) }),
    ...(message.entities.length > 0 && { entities: message.entities }),
    ...(message.buttons.length > 0 && { reply_markup: { inline_keyboard: message.buttons } }),
  };
}
