/** What downloads declare: files behind links, fetched by a job and sent on, within a quota. */
import { z } from 'zod';
import { jobQueue, schedule } from '../schema/queue.ts';
import { bytes, count, duration } from '../units.ts';
import { switched } from './feature.ts';

export const downloads = switched({
  flag: z
    .boolean()
    .prefault(false)
    .describe(
      'Files behind links, fetched and sent to who asked. Off as shipped: Telegram forbids bots that spread what others own, and what people fetch is yours to answer for. What was begun ends all the same.',
    ),
  settings: {
    downloads: z
      .strictObject({
        perDay: count(1, 10_000)
          .prefault(10)
          .describe('Downloads of one person in any 24 hours; those that failed are not counted.'),
        open: count(1, 10_000)
          .prefault(50)
          .describe('Downloads of all people that wait or are under way; who asks beyond it is asked to come back.'),
        maxSize: bytes('1MiB', '20GiB', 'it lies on the disk of a task while it is sent on')
          .prefault('2GiB')
          .describe('Largest file.'),
        within: duration('10s', '50m', 'a job ends within the hour')
          .prefault('30m')
          .describe('Longest time that one file may take to come.'),
        endsWithin: duration('1m', '1d', 'nobody waits for a file of yesterday')
          .prefault('2h')
          .describe('Longest time from the order to its end, waiting for a place included.'),
        formats: z
          .array(z.enum(['best', 'small', 'sound']))
          .min(1)
          .prefault(['best', 'small', 'sound'])
          .describe('What a video can be had as: its best quality, a smaller one, its sound alone.'),
        asked: duration('1m', '7d', 'a person needs a moment to decide')
          .prefault('1h')
          .describe('How long the question for the quality can be answered.'),
        sendable: bytes('1MiB', '2000MiB', 'Telegram takes no more, whatever server it is given by')
          .prefault('47MiB')
          .describe(
            'Largest file that is sent into the chat: what Telegram takes from a bot, 50 MB, less what surrounds it; 2000 MB by a Bot API server of your own (TELEGRAM_API_ROOT).',
          ),
        links: duration('1h', '30d', 'what lies there costs, and nobody comes back for it after a month')
          .prefault('3d')
          .describe(
            'How long a file that is larger than `sendable` lies in the object store, to be fetched by a link. Without such a store it is refused.',
          ),
        warnBefore: duration('1h', '7d', 'a person needs time to come back')
          .prefault('1d')
          .describe('Whose link ends within this time is told so, once a link.'),
        remembered: duration('1h', '365d', 'a cache that forgets at once is none')
          .prefault('30d')
          .describe('How long a file that Telegram has is sent again for the same link without being fetched.'),
      })
      .prefault({})
      .describe('Files behind links.'),
  },
  work: {
    download: {
      queue: jobQueue(
        { concurrency: 4, deadline: '40m', patience: '2h', attempts: 4, first: '5s', max: '1m' },
        'Downloads that were asked for: each is fetched and sent on.',
      ),
      what: 'files to fetch',
      dead: 'ticket',
      role: 'media',
    },
  },
  slots: {
    linkWarnings: schedule({ every: '1d', deadline: '10m' }, 'Tells whose link to a file ends soon, once a link.'),
    downloads: schedule(
      { every: '1m', deadline: '45s' },
      'Ends downloads that nothing came of, and forgets files that were sent long ago.',
    ),
  },
});
