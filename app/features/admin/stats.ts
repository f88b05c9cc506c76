/** /stats: how the bot stands, in one message. */
import { isInPosture, listFlags } from '../../flags/index.ts';
import type { Posture } from '../../../posture/schema/index.ts';
import type { Pool } from '../../database/pool.ts';
import { createLooks, type Look, type Looks } from '../../health/look.ts';
import type { Language } from '../../texts/index.ts';
import { countPeople, sumCredits } from './store.ts';
import { texts } from './texts.ts';

/** A look that is so old is not looked at anew, ms. */
const FRESH = 5_000;

const sum = <T>(all: readonly T[], of: (one: T) => number): number => all.reduce((total, one) => total + of(one), 0);

function howItWorks(language: Language, { queues = [], work, held = [], reasons }: Look): string[] {
  const jobs = Object.values(work?.jobs ?? {});
  const waiting = sum(queues, ({ pending }) => pending);
  return [
    texts.waiting(language, {
      updates: waiting,
      chats: sum(queues, ({ active }) => active),
      parked: sum(queues, ({ parked }) => parked),
    }),
    texts['given-up'](language, {
      jobs: sum(jobs, ({ dead }) => dead),
      messages: work?.messages.dead ?? 0,
      unknown: (work?.messages.unknown ?? 0) + (work?.answers.unknown ?? 0),
    }),
    held.length > 0
      ? texts['held-back'](language)
      : reasons.length === 0
        ? texts.well(language)
        : texts['not-well'](language, { count: reasons.length }),
  ];
}

/** Reads by a few statements, one after the other. */
export function createStats(pool: Pool, posture: Posture): (language: Language, botId: number) => Promise<string> {
  const looks = new Map<number, Looks>();
  return async (language, botId) => {
    const looksOf = looks.get(botId) ?? createLooks(pool, posture, botId);
    looks.set(botId, looksOf);
    const people = await countPeople(pool, botId);
    const credits = await sumCredits(pool, botId);
    const off = (await listFlags(pool)).filter(({ name, isOn }) => !isOn && isInPosture(posture, name));
    const look = await looksOf.recent(FRESH);
    return [
      texts.people(language, { count: people.people, blocked: people.blocked }),
      texts.active(language, people),
      texts.paid(language, { count: people.paid }),
      texts.credits(language, credits),
      '',
      ...howItWorks(language, look),
      ...(off.length > 0 ? [texts['switched-off'](language, { names: off.map(({ name }) => name).join(', ') })] : []),
    ].join('\n');
  };
}
