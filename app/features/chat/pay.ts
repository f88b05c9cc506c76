/**
 * Who pays for an answer, and how much: a day's free answers first, credits beyond them. Credits are held before the provider
 * is asked, the most that the answer can cost; taken when it has been delivered, by what the provider says that it took, in
 * the commit that marks the update done; and given back where nothing was delivered (fault charge-without-record). Owners and
 * support pay nothing: what they ask is asked for the bot.
 */
import type { BotContext } from '../../bot/context.ts';
import { backoffs, chatCosts } from '../../../posture/limits.ts';
import type { Tx } from '../../lanes/update.ts';
import { CauseReused, InsufficientCredits, release, reserve, ReserveEnded, settle } from '../../ledger/index.ts';
import { roleOf } from '../../people/index.ts';
import type { ChatMessage, Completion } from '../../providers/openrouter.ts';
import type { FeatureNeeds } from '../feature.ts';
import { billOf, causeOf, claimFree, dropBill, openBill, type Bill, type Question } from './bills.ts';
import { estimateOf, mostOf, priceOf } from './price.ts';

export interface Ticket extends Question {
  bill: Bill;
  /** Free answers that are left today after this one; undefined where this is another run's. */
  left?: number;
}

/** There is no free answer left, and there are too few credits for another one. */
export interface Broke {
  /** The most that the answer can cost. */
  most: bigint;
  available: bigint;
  /** Until there are free answers again. */
  hours: number;
}

/** An answer of which nobody can be charged any more: an earlier run of the same question has given its credits back. */
const ON_THE_HOUSE: Bill = { free: true, held: null, price: 0n, counted: true };
/** Beside all attempts: writing things down, ms. */
const SLACK = 600_000;

export type Pay = ReturnType<typeof createPay>;

export function createPay({ pool, posture }: Pick<FeatureNeeds, 'pool' | 'posture'>) {
  const { free, price: rates } = posture.chat;
  const costs = chatCosts(posture);
  const { attempts, backoff, handler, patience } = posture.jobs.chat;
  /** Longer than the update may be waited for with all its attempts, ms. */
  const ttl = patience + attempts * handler + backoffs(attempts, backoff.first, backoff.max) + SLACK;

  /** A transaction that ends in "done"; where the credits were given back meanwhile, nobody is charged. */
  async function end(ctx: BotContext, ticket: Ticket, move: (tx: Tx, of: string) => Promise<unknown>): Promise<void> {
    await ctx.turn
      .transaction(async (tx) => {
        await move(tx, causeOf(ticket));
        await ctx.turn.done(tx);
      })
      .catch((error: unknown) => {
        if (!(error instanceof ReserveEnded)) throw error;
        ctx.turn.log.warn({ updateId: ticket.updateId, reason: error.message }, 'an answer is not charged');
      });
  }

  return {
    /** Undefined: this person does not pay. */
    of(ctx: BotContext): Question | undefined {
      if (!costs || !ctx.from || roleOf(posture.people, ctx.from.id)) return undefined;
      return { botId: ctx.me.id, updateId: ctx.update.update_id, userId: ctx.from.id };
    },

    /** Takes a free answer or holds credits, once for a question, however often it is run. */
    async open(ctx: BotContext, question: Question, asked: readonly ChatMessage[]): Promise<Ticket | Broke> {
      const { bill, left, hours } = await claimFree(pool, question, free);
      if (bill) return { ...question, bill, left };
      const held = mostOf(rates, asked, posture.providers.openrouter.maxTokens);
      const { botId, userId } = question;
      try {
        await ctx.turn.transaction(async (tx) => {
          await reserve(tx, { botId, userId, cause: causeOf(question) }, { amount: held, ttl });
          await openBill(tx, question, held);
        });
      } catch (error) {
        if (error instanceof InsufficientCredits) return { most: held, available: error.available, hours };
        if (error instanceof CauseReused) return { ...question, bill: ON_THE_HOUSE, left };
        throw error;
      }
      return { ...question, bill: { free: false, held, price: null, counted: true }, left };
    },

    /** That of a question whose answer is there, from an earlier run. */
    async found(question: Question): Promise<Ticket | undefined> {
      const bill = await billOf(pool, question);
      return bill && { ...question, bill };
    },

    /** By what the provider has counted, else by what has arrived; at most what is held. */
    costOf: ({ text, usage }: Pick<Completion, 'text' | 'usage'>): { price: bigint; counted: boolean } =>
      usage ? { price: priceOf(rates, usage), counted: true } : { price: estimateOf(rates, text), counted: false },

    /** It has been delivered. */
    async take(ctx: BotContext, ticket: Ticket): Promise<void> {
      const { free: isFree, price } = ticket.bill;
      const { botId } = ticket;
      if (isFree) return;
      await end(ctx, ticket, (tx, of) =>
        price === null || price === 0n
          ? release(tx, { botId, of, reason: 'it took nothing' })
          : settle(tx, { botId, of }, { amount: price, to: 'revenue:chat' }),
      );
    },

    /** Nothing was delivered. */
    async giveBack(ctx: BotContext, ticket: Ticket): Promise<void> {
      if (ticket.bill === ON_THE_HOUSE) return;
      if (ticket.bill.free) return dropBill(pool, ticket);
      const { botId } = ticket;
      await end(ctx, ticket, async (tx, of) => {
        await dropBill(tx, ticket);
        await release(tx, { botId, of, reason: 'not answered' });
      });
    },
  };
}
