/** Commands and taps of people with a role: for everybody else there are none such, so they are told what they are told of any unknown one. */
import type { Composer, NextFunction } from 'grammy';
import type { Chat, User } from 'grammy/types';
import type { Posture } from '../../posture/schema/index.ts';
import { mayAs, roleOf, type Role } from '../people/index.ts';
import type { BotContext } from './context.ts';
import { texts } from './texts.ts';

interface Command {
  name: string;
  /** The least role. */
  role: Role;
}

/** Who gave a command, and where: in the private chat with them. */
export interface Asked {
  role: Role;
  user: User;
  /** What stands behind the command. */
  words: string;
}

/** In a group one line alone: what follows is about people, or changes what all of them have. */
export function onCommandOf(
  composer: Composer<BotContext>,
  people: Posture['people'],
  { name, role: least }: Command,
  handle: (ctx: BotContext & { chat: Chat }, asked: Asked, next: NextFunction) => Promise<unknown>,
): void {
  composer.command(name, async (ctx, next) => {
    const { from: user, chat, match } = ctx;
    const role = user && roleOf(people, user.id);
    if (!role || !mayAs(role, least)) return next();
    if (chat.type !== 'private') return ctx.reply(texts['private-only'](ctx.language));
    return handle(ctx, { role, user, words: match.trim() }, next);
  });
}

/** What is added to it is there for owners alone: who is none any more does nothing with the buttons of before. */
export const forOwners = (composer: Composer<BotContext>, people: Posture['people']): Composer<BotContext> =>
  composer.filter(({ from }) => from !== undefined && roleOf(people, from.id) === 'owner');
