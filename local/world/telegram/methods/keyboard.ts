/** reply_markup: the inline keyboard under a message, and what else changes what its user does next. */
import type { InlineButton } from '../../../contract/index.ts';
import { badRequest } from '../errors.ts';
import { isRecord, structure, type Params } from '../params.ts';

/** Bot API: callback_data is 1-64 bytes. */
const LONGEST_DATA = 64;

/** Rows of buttons; other kinds of markup are accepted and leave none. @throws ApiError 400 */
export function inlineKeyboard(params: Params): InlineButton[][] {
  const markup = structure(params, 'reply_markup');
  if (markup === undefined) return [];
  if (!isRecord(markup)) throw badRequest("can't parse reply keyboard markup JSON object");
  const rows = markup['inline_keyboard'];
  if (rows === undefined) return [];
  if (!Array.isArray(rows)) throw badRequest('field "inline_keyboard" must be of type Array');
  return rows
    .map((row: unknown) => {
      if (!Array.isArray(row)) throw badRequest('field "inline_keyboard" must be an Array of Arrays');
      return row.map(inlineButton);
    })
    .filter((row) => row.length > 0);
}

/** Whether the user's app is to reply to the message by itself. */
export function forcesReply(params: Params): boolean {
  const markup = structure(params, 'reply_markup');
  return isRecord(markup) && markup['force_reply'] === true;
}

function inlineButton(button: unknown): InlineButton {
  if (!isRecord(button) || typeof button['text'] !== 'string' || button['text'] === '')
    throw badRequest('can\'t parse inline keyboard button: field "text" must be a non-empty String');
  const { callback_data: data, url } = button;
  if (Object.keys(button).length === 1)
    throw badRequest("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard");
  if (data !== undefined && (typeof data !== 'string' || data === '' || Buffer.byteLength(data) > LONGEST_DATA))
    throw badRequest('BUTTON_DATA_INVALID');
  if (url !== undefined && (typeof url !== 'string' || !URL.canParse(url.includes(':') ? url : `http://${url}`)))
    throw badRequest(`inline keyboard button URL '${JSON.stringify(url)}' is invalid: Wrong HTTP URL`);
  return button as unknown as InlineButton;
}
