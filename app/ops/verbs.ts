/** Every verb there is. What changes something says what users will see of it, is asked for and is written down. */
import { dismissPayment, linkPayment } from './decide.ts';
import { showFlags, turn } from './flags.ts';
import { dropUnsaid, hold, resume, showHeld } from './held.ts';
import { findPayment, ledgerCheck, listPayments, refund, showUser } from './money.ts';
import { createPromo, endPromo, listPromos } from './promo.ts';
import { reconcileNow } from './reconcile.ts';
import { runSql } from './sql.ts';
import { status } from './status.ts';
import { byHand, listParked, listUnknown, showUpdate, tellStory } from './updates.ts';
import type { OptionName, Verb } from './verb.ts';
import { alsoWork } from './work.ts';

const CHANGES: readonly OptionName[] = ['reason', 'bot', 'dry-run', 'limit'];

export const VERBS: readonly Verb[] = [
  {
    name: 'status',
    takes: '',
    says: 'what waits and for how long, what was given up and why, who works, which versions',
    options: [],
    run: status,
  },
  {
    name: 'dead list',
    takes: '',
    says: 'what was given up after all attempts: updates by cause and one by one, jobs, messages',
    options: ['queue', 'bot', 'limit'],
    run: listParked,
  },
  {
    name: 'dead show',
    takes: 'UPDATE_ID',
    says: 'an update, its sends, and what people did with it',
    options: ['bot'],
    run: showUpdate,
  },
  {
    name: 'dead redrive',
    takes: 'UPDATE_ID… | --all',
    says: 'runs parked updates and callback:… again, and job:… and message:… that were given up',
    options: [...CHANGES, 'all', 'queue'],
    users:
      'Whoever wrote them gets the answer now, late and in their order; jobs do what they were to do, and messages are sent. Sends that were confirmed are not repeated; one whose outcome is unknown is, once at most.',
    run: alsoWork(byHand({ by: 'redrive', where: `state = 'parked'`, done: 'run again' }), {
      state: 'dead',
      jobs: 'redrive_jobs',
      messages: 'redrive_messages',
      done: 'run again',
    }),
  },
  {
    name: 'dead dismiss',
    takes: 'UPDATE_ID… | --all',
    says: 'gives parked updates up for good, their texts are deleted; never a payment; and job:…, message:…',
    options: [...CHANGES, 'all', 'queue'],
    users:
      'Whoever wrote them never gets an answer to them, and is not told; what a job was to do, or a message to say, does not happen.',
    run: alsoWork(
      byHand({ by: 'dismiss', where: `state = 'parked' AND queue <> 'payment'`, done: 'given up for good' }),
      {
        state: 'dead',
        jobs: 'dismiss_jobs',
        messages: 'resolve_messages',
        done: 'given up for good',
      },
    ),
  },
  {
    name: 'dead park',
    takes: 'UPDATE_ID…',
    says: 'takes an update that waits out of the way, such as one that ends whoever touches it',
    options: CHANGES,
    users: 'Its chat goes on with the next message; this one gets no answer until it is run again.',
    run: byHand({ by: 'park', where: `state = 'pending'`, done: 'parked' }),
  },
  {
    name: 'unknown list',
    takes: '',
    says: 'sends of which nobody knows whether they arrived',
    options: ['queue', 'bot', 'limit'],
    run: listUnknown,
  },
  {
    name: 'unknown resolve',
    takes: 'UPDATE_ID…',
    says: 'takes sends off that list, with what was found out',
    options: [...CHANGES, 'as'],
    users: 'Nothing is sent. Whoever did not get the answer has to be written to by a person.',
    run: alsoWork(
      byHand({ by: 'resolve_sends', where: `state = 'done' AND unknown > 0`, done: 'taken off the list' }),
      {
        state: 'unknown',
        messages: 'resolve_messages',
        done: 'taken off the list',
      },
    ),
  },
  {
    name: 'story',
    takes: 'UPDATE_ID',
    says: 'what happened to an update, in order, without a word of it',
    options: ['bot'],
    run: tellStory,
  },
  {
    name: 'user',
    takes: 'USER_ID',
    says: "a person's credits and plan: what there is, what is held, what moved",
    options: ['bot', 'limit'],
    run: showUser,
  },
  {
    name: 'payments list',
    takes: '',
    says: 'payments that wait for a person, or for their refund',
    options: ['bot', 'limit'],
    run: listPayments,
  },
  {
    name: 'payments find',
    takes: 'RECEIPT',
    says: "a payment by its receipt, R-17, or by Telegram's charge id",
    options: ['bot'],
    run: findPayment,
  },
  {
    name: 'payments link',
    takes: 'RECEIPT | --all',
    says: 'credits a parked payment: to who paid, or --user; what the one package of its price gives, or --credits; --all: those whose orders are lost, as by a restore',
    options: ['credits', 'user', 'all', 'limit', 'reason', 'bot', 'dry-run'],
    users:
      'Who it is credited to gets the credits within half a minute, and a receipt. With a month of a subscription that is had again: its next months are credited by themselves.',
    run: linkPayment,
  },
  {
    name: 'payments dismiss',
    takes: 'RECEIPT',
    says: 'a parked payment stays as it is, and is listed no more',
    options: ['reason', 'bot', 'dry-run'],
    users:
      'Nothing is credited and nothing goes back. Whoever paid hears no more; /history says that a person has looked, and that it stays as it is.',
    run: dismissPayment,
  },
  {
    name: 'reconcile',
    takes: '',
    says: 'compares what Telegram and each other provider say with the books now, by a worker: expected, found, difference, explained',
    options: ['bot'],
    run: reconcileNow,
  },
  {
    name: 'refund',
    takes: 'RECEIPT',
    says: 'gives a payment back, whole: by a durable job, believed when the books of who was paid show it; --sent: writes down what a person has sent',
    options: ['reason', 'bot', 'dry-run', 'force', 'sent'],
    users: 'The money goes back to who paid, the bot says so (and Telegram, of Stars), and the credits are taken.',
    run: refund,
  },
  {
    name: 'promo create',
    takes: 'CODE',
    says: 'makes a code that gives credits: /promo CODE, to each person once',
    options: ['credits', 'most', 'days', 'reason', 'bot', 'dry-run'],
    users: 'Whoever sends the code to the bot gets its credits, once.',
    run: createPromo,
  },
  {
    name: 'promo list',
    takes: '',
    says: 'codes, what they give and how often they were used',
    options: ['bot', 'limit'],
    run: listPromos,
  },
  {
    name: 'promo end',
    takes: 'CODE',
    says: 'ends a code; what it gave stays given',
    options: ['reason', 'bot', 'dry-run'],
    users: 'Whoever sends the code from now on gets nothing.',
    run: endPromo,
  },
  {
    name: 'ledger check',
    takes: '',
    says: 'whether the ledger agrees with itself: reads all of it',
    options: [],
    run: ledgerCheck,
  },
  {
    name: 'flag list',
    takes: '',
    says: 'kill switches of features, jobs and schedules: what the posture says, what people have switched, and why',
    options: [],
    run: showFlags,
  },
  {
    name: 'flag off',
    takes: 'NAME',
    says: 'closes the entrances of a feature, or stops claiming a job or running a schedule, within 5 s',
    options: ['reason', 'dry-run'],
    users:
      'Whoever wants to begin something of it is told that it is switched off just now. What was begun ends, what was paid is booked; jobs wait.',
    run: turn(false),
  },
  {
    name: 'flag on',
    takes: 'NAME',
    says: 'opens them again; what the posture has off stays off',
    options: ['reason', 'dry-run'],
    users: 'It is offered and answered again. Jobs that waited are done.',
    run: turn(true),
  },
  {
    name: 'held',
    takes: '',
    says: 'whether anything goes out: why not after a restore, what waits, and what resume will say and do',
    options: ['limit'],
    run: showHeld,
  },
  {
    name: 'held drop',
    takes: 'CLASS…',
    says: 'while held: messages of these classes that wait are never said: receipt, notice, progress, marketing, transfer',
    options: ['reason', 'dry-run'],
    users: 'Nobody gets what waited in these classes. Who has not had it already, before the restore, never will.',
    run: dropUnsaid,
  },
  {
    name: 'hold',
    takes: '',
    says: 'nothing goes out from now on: no message of the outbox, no job that pays or says something',
    options: ['reason', 'dry-run'],
    users:
      'Whoever writes is answered, and what is paid is credited. Receipts, reminders, refunds and cancelled subscriptions wait until resume.',
    run: hold,
  },
  {
    name: 'resume',
    takes: '',
    says: 'accepts the database as it is now, after a restore or a hold: everything that waits goes out',
    options: ['reason', 'dry-run'],
    users:
      'They get what waited, late. What was said in the time that the database has lost is said again; refunds are looked up at Telegram first, and not paid twice.',
    run: resume,
  },
  {
    name: 'sql',
    takes: 'SQL',
    says: 'one statement of your own, read-only, without the columns that hold texts',
    options: ['limit'],
    run: runSql,
  },
];
