/**
 * Who writes to the bot, and the language that each is spoken to in, without a query or a write for each update:
 *
 * - what somebody has chosen by /language is known in every worker, for all who have chosen; a choice made elsewhere
 *   comes by NOTIFY, and at the latest with the next look;
 * - everybody else is spoken to in the language of their app, which Telegram sends with each update;
 * - for what is said when no update is there, both are in the person's row, with their name and the day. It is written
 *   together with others', soon after a worker has seen somebody for the first time that day, or something of it is not
 *   as before. Killed before, it is written when they write again.
 */
import type { User } from 'grammy/types';
import type { Pool } from '../database/pool.ts';
import { describeError, type Logger } from '../log.ts';
import { startLoop } from '../loop.ts';
import { isLanguage, languageFor, type Language } from '../texts/index.ts';
import { noteSeen, PAGE, readChoices, type Seen } from './store.ts';

export const PEOPLE_CHANNEL = 'evenkeel_people';

/** How often choices that no NOTIFY told of are read, ms. */
const LOOK = 10_000;
/** How often those who were seen are written, ms. */
const WRITE = 2_000;
/** Those who were seen in this process and are known to be written; the oldest is forgotten, and at most written again. */
const KNOWN = 20_000;
/** Rows of one statement. */
const BITE = 1_000;
/** No transaction that makes a choice lasts as long, s. */
const OVERLAP = 60;

const TAG = /^[a-z]{2,3}([-_][a-z0-9]{2,8}){0,2}$/i;
const USERNAME = /^\w{1,64}$/;
const DAY = 86_400_000;

/** What is noted of somebody, of those whom Telegram describes like this. */
type Shown = Pick<User, 'id' | 'language_code' | 'username'>;
/** Of somebody, as it is written. */
type Noted = readonly [tag: string | null, username: string | null];
const isSame = (a: Noted | undefined, b: Noted): boolean => a !== undefined && a[0] === b[0] && a[1] === b[1];

export interface People {
  /**
   * What somebody is spoken to in; at once.
   * @param isOwn they write to the bot itself, and are not one of many in a group: then they are noted
   */
  spokenTo(user: Shown | undefined, isOwn: boolean): Language;
  /** Their choice is committed: it holds in this process at once, and in others soon after. Null: as their app. */
  chose(userId: number, language: Language | null): Promise<void>;
  /** Reads what others have noted, at once. */
  wake(): void;
  /** Reads all choices that there are: before the first update is handled. */
  load(): Promise<void>;
  /** Writes who has been seen, and ends. */
  stop(): Promise<void>;
}

export function startPeople({ pool, botId, log }: { pool: Pool; botId: number; log: Logger }): People {
  const chosen = new Map<number, Language>();
  const known = new Map<number, Noted>();
  const unwritten = new Map<number, Noted>();
  /** Who is known, is known of this day. */
  let today = 0;
  let from = '-infinity';
  let overlap = 0;

  function keep(userId: number, language: unknown): void {
    if (isLanguage(language)) chosen.set(userId, language);
    else chosen.delete(userId);
  }

  /** True where there is more. */
  async function read(): Promise<boolean> {
    const choices = await readChoices(pool, botId, from, overlap);
    for (const { user, language } of choices) keep(user, language);
    const more = choices.length === PAGE;
    from = choices.at(-1)?.at ?? from;
    overlap = more ? 0 : OVERLAP;
    return more;
  }
  const reading = startLoop({ name: 'languages', every: LOOK, log, turn: read });

  /** Whoever cannot be written now is there for the next turn. */
  async function write(): Promise<boolean> {
    const bite = [...unwritten].slice(0, BITE);
    if (bite.length === 0) return false;
    const day = today;
    await noteSeen(
      pool,
      botId,
      bite.map(([userId, noted]): Seen => [userId, ...noted]),
    );
    for (const [userId, noted] of bite) {
      if (unwritten.get(userId) === noted) unwritten.delete(userId);
      if (day === today) remember(known, userId, noted);
    }
    return unwritten.size > 0;
  }
  const writing = startLoop({ name: 'people who were seen', every: WRITE, log, turn: write });

  function note({ id, language_code: code, username = '' }: Shown): void {
    const day = Math.floor(Date.now() / DAY);
    if (day !== today) {
      today = day;
      known.clear();
    }
    const noted = [
      code !== undefined && TAG.test(code) ? code : null,
      USERNAME.test(username) ? username : null,
    ] as const;
    if (!isSame(known.get(id), noted)) remember(unwritten, id, noted);
  }

  return {
    spokenTo(user, isOwn) {
      if (!user) return languageFor(undefined);
      if (isOwn) note(user);
      return chosen.get(user.id) ?? languageFor(user.language_code);
    },
    async chose(userId, language) {
      keep(userId, language);
      // By itself and after the commit: a NOTIFY inside it would have every other commit wait.
      await pool.query({ name: 'notify-people', text: `SELECT pg_notify('${PEOPLE_CHANNEL}', '')` });
    },
    wake: () => reading.wake(),
    load: async () => {
      while (await read());
    },
    async stop() {
      await Promise.all([reading.stop(), writing.stop()]);
      try {
        while (await write());
      } catch (error) {
        log.info({ people: unwritten.size, error: describeError(error) }, 'some who were seen are not written');
      }
    },
  };
}

function remember(map: Map<number, Noted>, userId: number, noted: Noted): void {
  map.delete(userId);
  map.set(userId, noted);
  for (const oldest of map.keys()) {
    if (map.size <= KNOWN) return;
    map.delete(oldest);
  }
}
