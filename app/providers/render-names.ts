/**
 * Names of renders in the address that Novita calls when one is over. It signs nothing, so the address itself proves that it
 * was us who gave it: a name, and what only a holder of the bot's token can make of it (fault callback-spoof).
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { RENDERED_PATH } from '../../contract/paths.ts';

/** Which of the renders begun for which order: `17-1`. */
const FORM = /^(\d{1,15}-\d{1,2})\.([\w-]{43})$/;

const proofOf = (botToken: string, name: string): Buffer =>
  createHmac('sha256', createHmac('sha256', 'renders').update(botToken).digest()).update(name).digest();

export const renderAddress = (publicUrl: string, botToken: string, name: string): string =>
  new URL(`${RENDERED_PATH}${name}.${proofOf(botToken, name).toString('base64url')}`, publicUrl).href;

/** The name in the last part of a path, in a time that says nothing of its proof; undefined where that is not ours. */
export function renderNamed(botToken: string, part: string): string | undefined {
  const [, name, proof] = FORM.exec(part) ?? [];
  if (name === undefined) return undefined;
  const [given, wanted] = [Buffer.from(proof!, 'base64url'), proofOf(botToken, name)];
  return given.length === wanted.length && timingSafeEqual(given, wanted) ? name : undefined;
}
