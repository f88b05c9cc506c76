/** What people send to the bot and no feature reads: a voice message, a sticker, a picture without a word. They are told so. */
import { Composer } from 'grammy';
import type { BotContext } from '../../bot/context.ts';
import type { Feature } from '../feature.ts';
import { texts } from './texts.ts';

/** What a person sends on purpose; service messages are not among them. */
const CONTENT = [
  'message:photo',
  'message:video',
  'message:video_note',
  'message:voice',
  'message:audio',
  'message:animation',
  'message:sticker',
  'message:document',
  'message:contact',
  'message:location',
  'message:venue',
  'message:poll',
  'message:dice',
  'message:story',
] as const;

/** Albums that are remembered, in this process: the pictures of an album come as a message each. */
const ALBUMS = 100;

/** Comes before what reads texts: of an album, one word under one picture is what all of them are answered by. */
function readNothing(): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  /** The update that an album is answered at, which is answered again when it is run again. */
  const albums = new Map<string, number>();

  /** True for the first picture of an album that was looked at here, and for what belongs to none. */
  function isFirst(album: string | undefined, updateId: number): boolean {
    if (album === undefined) return true;
    const first = albums.get(album) ?? updateId;
    albums.set(album, first);
    for (const oldest of albums.keys()) if (albums.size > ALBUMS) albums.delete(oldest);
    return first === updateId;
  }

  composer
    .chatType('private')
    .on([...CONTENT])
    .use(async (ctx, next) => {
      const first = isFirst(ctx.message.media_group_id, ctx.update.update_id);
      if (ctx.message.caption !== undefined) await next();
      else if (first) await ctx.reply(texts['text-only'](ctx.language));
    });
  return composer;
}

export const unread: Feature = { reads: readNothing };
