/** What the studio declares: pictures and videos for credits, rendered by others, paid when they are delivered. */
import { z } from 'zod';
import { jobQueue, schedule } from '../schema/queue.ts';
import { count, duration } from '../units.ts';
import { switched } from './feature.ts';

const kind = (
  defaults: { price: number; model: string; takes: string; deadline: string },
  what: { one: string; model: string },
) =>
  z
    .strictObject({
      price: count(1, 1_000_000_000).prefault(defaults.price).describe(`Credits that ${what.one} costs.`),
      model: z.string().min(1).prefault(defaults.model).describe(what.model),
      takes: duration('1s', '1h', 'no provider renders in less')
        .prefault(defaults.takes)
        .describe(
          'How long a render usually takes: what people are told, and when it is looked at for the first time.',
        ),
      deadline: duration('10s', '6h', 'a render takes a moment, and nobody waits for a day')
        .prefault(defaults.deadline)
        .describe('Longest time from the order to the result; beyond it the credits go back.'),
    })
    .prefault({});

export const studio = switched({
  flag: z
    .boolean()
    .prefault(false)
    .describe(
      '/image and /video: rendered by Novita, for credits. Off as shipped: it needs a key of Novita, which bills each render. What was ordered ends all the same.',
    ),
  jobsAsk: ['novita'],
  settings: {
    studio: z
      .strictObject({
        image: kind(
          { price: 10, model: 'sd_xl_base_1.0.safetensors', takes: '15s', deadline: '5m' },
          { one: 'a picture', model: 'Model of Novita that renders pictures.' },
        ),
        video: kind(
          { price: 80, model: 'darkSushiMixMix_225D_64380.safetensors', takes: '2m', deadline: '15m' },
          { one: 'a video', model: 'Model of Novita that renders videos.' },
        ),
        quoteLasts: duration('1m', '7d', 'a person needs a moment to decide')
          .prefault('1h')
          .describe('How long a quoted price can be agreed to.'),
        atOnce: count(1, 10_000)
          .prefault(50)
          .describe('Renders of all people under way at once; who orders beyond it is asked to come back.'),
        perMinute: count(1, 100_000)
          .prefault(20)
          .describe("Renders begun a minute by all tasks together: Novita's limit of an account; beyond it they wait."),
        tries: count(1, 5)
          .prefault(2)
          .describe('Renders begun for one order, where Novita says that the one before has failed.'),
        fallback: z
          .enum(['offer', 'automatic'])
          .prefault('offer')
          .describe(
            'What follows a video that failed: a picture of the same is offered, at its own price, by a button; or it is made and charged as a picture at once, and the rest of the price goes back. Neither after it was declined.',
          ),
        poll: z
          .strictObject({
            first: duration('500ms', '5m', 'each look is a call to Novita')
              .prefault('3s')
              .describe('Pause after the first look at a render; doubled after each further one, jittered.'),
            max: duration('1s', '10m', 'each look is a call to Novita')
              .prefault('15s')
              .describe('Longest pause between two looks.'),
          })
          .prefault({}),
        orphan: duration('5s', '1h', 'a callback takes a moment')
          .prefault('2m')
          .describe(
            'How long a render whose number was lost on its way to us is waited for: its callback names it. It is never begun a second time; after this the credits go back.',
          ),
        reserve: duration('1m', '7d', 'a render has to end before its credits are free again')
          .prefault('45m')
          .describe(
            'How long credits are held for a render at most: longer than it may take with all that may go wrong.',
          ),
      })
      .prefault({})
      .describe('Pictures and videos for credits.'),
  },
  work: {
    render: {
      queue: jobQueue(
        { concurrency: 4, deadline: '30s', patience: '10m', attempts: 5, first: '1s', max: '30s' },
        'Renders that were ordered and agreed to: each is begun at Novita once.',
      ),
      what: 'renders to begin',
      dead: 'ticket',
    },
    look: {
      queue: jobQueue(
        { concurrency: 4, deadline: '30s', patience: '30m', attempts: 5, first: '1s', max: '30s' },
        'Renders that are under way at Novita: looked at until they are ready.',
      ),
      what: 'renders under way',
      dead: 'ticket',
    },
    deliver: {
      queue: jobQueue(
        { concurrency: 4, deadline: '1m', patience: '10m', attempts: 5, first: '2s', max: '30s' },
        'Renders that are ready: fetched and shown as a stream, then charged.',
      ),
      what: 'pictures and videos that are ready',
      dead: 'ticket',
    },
  },
  slots: {
    renders: schedule(
      { every: '1m', deadline: '45s' },
      'Ends renders that nothing came of, and gives their credits back.',
    ),
  },
});
