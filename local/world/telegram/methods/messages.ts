/** Methods on messages. */
import type { ChatMessage, Media } from '../../../contract/index.ts';
import type { Chat } from '../chats.ts';
import { ApiError, badRequest } from '../errors.ts';
import { integer, text, type Params } from '../params.ts';
import { formattedText } from '../text/formatted.ts';
import { mediaOf, wireMessage } from '../wire.ts';
import { chatOf, type Context, type Method } from './context.ts';
import { forcesReply, inlineKeyboard } from './keyboard.ts';

const NOT_MODIFIED =
  'message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message';
const ACTIONS = new Set(
  ['typing', 'choose_sticker', 'find_location'].concat(
    ['photo', 'video', 'voice', 'document', 'video_note'].flatMap((what) => [`upload_${what}`, `record_${what}`]),
  ),
);

/** A text with its markup; @throws ApiError 400, also of markup that could be read, where that is a fault that is on */
function words(context: Context, params: Params): ReturnType<typeof formattedText> {
  if (context.faults().noMarkup && text(params, 'parse_mode') !== '')
    throw badRequest("can't parse entities: no markup is read just now");
  return formattedText(params);
}

const sendMessage: Method = (context, params) => {
  const chat = chatOf(context, params);
  const message = context.chats.add(chat, { from: 'bot', ...words(context, params), buttons: inlineKeyboard(params) });
  if (forcesReply(params)) chat.asked = message.messageId;
  context.counters.sent++;
  context.floods.answered(message.text, false);
  return wireMessage(context.bot, chat, message);
};

/** Of private chats alone; the text may be empty, which shows that the bot is thinking. */
const sendMessageDraft: Method = (context, params) => {
  if (context.faults().noDrafts) throw new ApiError(404, 'Not Found: method not found');
  const chat = chatOf(context, params);
  if (chat.id < 0) throw badRequest('drafts can be sent to private chats only');
  if (integer(params, 'draft_id', 0) === 0) throw badRequest('DRAFT_ID_INVALID');
  context.chats.preview(chat, text(params, 'text') === '' ? '' : words(context, params).text);
  return true;
};

/** Bytes of a picture that is shown to who looks. */
const PREVIEWED = 256 * 1024;

/** A file that was uploaded with the call: its part is named by the parameter, as `attach://…`. */
async function uploaded(params: Params, kind: Media['kind'], name: string): Promise<Media> {
  const file = params[name];
  if (!(file instanceof File) || file.size === 0) throw badRequest(`there is no ${kind} in the request`);
  if (kind === 'photo' && file.size > 10 * 1024 * 1024) throw badRequest('file is too big');
  const bytes = kind === 'photo' && file.size <= PREVIEWED ? Buffer.from(await file.arrayBuffer()) : undefined;
  const preview = bytes && { preview: `data:image/png;base64,${bytes.toString('base64')}` };
  return { kind, name: file.name, size: file.size, ...preview };
}

/** Uploaded with the call, or sent before and named by its id. */
const sendFile =
  (kind: Media['kind']): Method =>
  async (context, params) => {
    const chat = chatOf(context, params);
    const given = text(params, kind);
    const name = /^attach:\/\/(.+)$/.exec(given)?.[1];
    const media = name === undefined ? mediaOf(given, kind) : await uploaded(params, kind, name);
    if (!media) throw badRequest('wrong file identifier/HTTP URL specified');
    const message = context.chats.add(chat, {
      from: 'bot',
      text: text(params, 'caption'),
      entities: [],
      buttons: inlineKeyboard(params),
      media,
    });
    context.counters.sent++;
    return wireMessage(context.bot, chat, message);
  };

const editMessageText: Method = (context, params) => {
  const [chat, message] = ownMessage(context, params);
  const change = { ...words(context, params), buttons: inlineKeyboard(params) };
  if (isSame(message, change)) throw badRequest(NOT_MODIFIED);
  context.chats.change(chat, message, change);
  context.floods.answered(change.text, true);
  return wireMessage(context.bot, chat, message);
};

const editMessageReplyMarkup: Method = (context, params) => {
  const [chat, message] = ownMessage(context, params);
  const buttons = inlineKeyboard(params);
  if (isSame(message, { ...message, buttons })) throw badRequest(NOT_MODIFIED);
  context.chats.change(chat, message, { buttons });
  return wireMessage(context.bot, chat, message);
};

const deleteMessage: Method = (context, params) => {
  const chat = chatOf(context, params);
  const message = context.chats.message(chat, integer(params, 'message_id', 0), 'message to delete');
  context.chats.remove(chat, message);
  return true;
};

const sendChatAction: Method = (context, params) => {
  const chat = chatOf(context, params);
  if (!ACTIONS.has(text(params, 'action'))) throw badRequest('wrong parameter action in request');
  context.chats.emit({ kind: 'typing', chatId: chat.id });
  return true;
};

function ownMessage(context: Context, params: Params): [Chat, ChatMessage] {
  const chat = chatOf(context, params);
  const message = context.chats.message(chat, integer(params, 'message_id', 0), 'message to edit');
  if (message.from !== 'bot') throw badRequest("message can't be edited");
  return [chat, message];
}

type Content = Pick<ChatMessage, 'text' | 'entities' | 'buttons'>;
function isSame(a: Content, b: Content): boolean {
  const content = ({ text: words, entities, buttons }: Content) => JSON.stringify([words, entities, buttons]);
  return content(a) === content(b);
}

export const messageMethods = {
  sendPhoto: sendFile('photo'),
  sendVideo: sendFile('video'),
  sendAudio: sendFile('audio'),
  sendDocument: sendFile('document'),
  sendMessage,
  sendMessageDraft,
  editMessageText,
  editMessageReplyMarkup,
  deleteMessage,
  sendChatAction,
};
