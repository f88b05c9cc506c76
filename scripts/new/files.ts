/** The files of a new feature; NAME stands for its name. */

const DECLARED = `
/** What /NAME declares: its switch, and its queue with what the alarms say of it. */
import { z } from 'zod';
import { jobQueue } from '../schema/queue.ts';
import { switched } from './feature.ts';

export const NAME = switched({
  flag: z.boolean().prefault(true).describe('/NAME: say what it is for.'),
  work: {
    NAME: {
      queue: jobQueue(
        { concurrency: 2, deadline: '10s', patience: '24h', attempts: 5, first: '1s', max: '1m' },
        'Jobs of /NAME: say what each does.',
      ),
      what: 'jobs of /NAME',
      dead: 'ticket',
    },
  },
});
`;

const FACE = `
/** /NAME: makes a job with its cause, and the job a message. Say what it is for. */
import { Composer } from 'grammy';
import type { BotContext } from '../../bot/context.ts';
import { enqueue } from '../../jobs/enqueue.ts';
import type { Feature } from '../feature.ts';
import { handler, queue } from './job.ts';
import { texts } from './texts.ts';

const COMMAND = 'NAME';

function command(): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  composer.command(COMMAND, async (ctx) => {
    const key = \`\${ctx.me.id}:\${ctx.update.update_id}\`;
    const input = { chat: ctx.chat.id, language: ctx.language };
    // Run again after a crash, the update finds the job that it made.
    await ctx.turn.transaction((tx) => enqueue(tx, queue, input, { key }));
    return ctx.reply(texts.noted(ctx.language));
  });
  return composer;
}

export const NAME: Feature<'NAME'> = {
  offers: [{ command: { name: COMMAND, does: texts.does } }],
  entrances: command,
  jobs: () => ({ NAME: handler }),
};
`;

const JOB = `
/** The job of /NAME: done once, whatever is killed. */
import { z } from 'zod';
import { job } from '../../jobs/job.ts';
import { jobQueue } from '../../jobs/queue.ts';
import { say } from '../../outbox/index.ts';
import { languages } from '../../texts/index.ts';
import { texts } from './texts.ts';

export const queue = jobQueue('NAME', z.strictObject({ chat: z.int(), language: z.enum(languages) }));

/** One commit: the message is in the outbox and the job is done, or neither. */
export const handler = job(queue, async ({ job: { id }, input, transaction, done }) => {
  await transaction(async (tx) => {
    await say(tx, {
      cause: \`NAME:\${id}\`,
      class: 'notice',
      chat: input.chat,
      method: 'sendMessage',
      payload: { text: texts.done(input.language) },
    });
    await done(tx);
  });
});
`;

const TEXTS = `
import { declareTexts } from '../../texts/index.ts';

export const texts = declareTexts(import.meta.dirname, {
  does: {},
  noted: {},
  done: {},
});
`;

const ENGLISH = `
# Completes "/NAME – …".
does = say what it does
noted = NAME: noted.
done = NAME: done.
`;

const GERMAN = `
# Completes "/NAME – …".
does = sagen, was es tut
noted = NAME: vorgemerkt.
done = NAME: erledigt.
`;

const TEST = `
/** /NAME on a real database and the simulated world. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startFeature } from '../../harness/feature.ts';

const feature = await startFeature({ after }, 'NAME');

test('what is asked for is noted, made a job, and done', async () => {
  assert.equal(await feature.ask(1, '/NAME'), 'NAME: noted.');
  await feature.next(1, /^NAME: done\\.$/);
  assert.deepEqual(await feature.jobs('NAME'), ['completed']);
});
`;

/** By path from the root of the project. */
export const filesOf = (name: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries({
      [`posture/features/${name}.ts`]: DECLARED,
      [`app/features/${name}/index.ts`]: FACE,
      [`app/features/${name}/job.ts`]: JOB,
      [`app/features/${name}/texts.ts`]: TEXTS,
      [`app/features/${name}/en.ftl`]: ENGLISH,
      [`app/features/${name}/de.ftl`]: GERMAN,
      [`test/app/features/${name}.test.ts`]: TEST,
    }).map(([path, text]) => [path, text.trimStart().replaceAll('NAME', name)]),
  );

/** Words of a program, without its comments. */
export const wordsIn = (source: string): Set<string> =>
  new Set(source.replace(/\/\*[^]*?\*\/|\/\/.*/g, '').match(/\b[a-z]\w*\b/gi) ?? []);

/** Words that the files of a feature use for something of their own. */
export const wordsOfFiles = (): Set<string> => wordsIn([DECLARED, FACE, JOB, TEST].join('\n'));
