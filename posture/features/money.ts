/** What is declared for money that was paid: it is booked, reconciled and given back whatever is for sale. */
import { jobQueue, schedule } from '../schema/queue.ts';
import { always } from './feature.ts';

export const money = always({
  work: {
    deposit: {
      queue: jobQueue(
        { concurrency: 2, deadline: '30s', patience: '24h', attempts: 8, first: '2s', max: '5m' },
        'Callbacks of payments: what became of each is asked of its provider.',
      ),
      what: 'payments that a provider has told of',
      dead: 'page',
      whileHeld: 'runs',
    },
    refund: {
      queue: jobQueue(
        { concurrency: 2, deadline: '30s', patience: '24h', attempts: 8, first: '5s', max: '10m' },
        'Payments whose Stars go back to who paid them.',
      ),
      what: 'refunds',
      // Somebody has paid, was promised the Stars back, and has neither.
      dead: 'page',
    },
    mandate: {
      queue: jobQueue(
        { concurrency: 2, deadline: '30s', patience: '24h', attempts: 8, first: '5s', max: '10m' },
        'Subscriptions of which Telegram has to be told that they end, or may go on.',
      ),
      what: 'cancelled subscriptions',
      dead: 'ticket',
    },
  },
  slots: {
    stars: schedule(
      { every: '30s', deadline: '25s' },
      "Looks for payments and refunds in Telegram's list while an order is open or money is on its way.",
    ),
    deposits: schedule(
      { every: '30s', deadline: '25s' },
      'Asks the other providers of payments about orders that are open.',
    ),
    lapse: schedule({ every: '10m', deadline: '1m' }, 'Ends subscriptions whose month is over and was not paid again.'),
    reconcile: schedule({ every: '1h', deadline: '10m' }, "Compares all of Telegram's list with our books."),
  },
});
