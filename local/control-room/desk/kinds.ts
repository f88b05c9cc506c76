/** What may lie on the desk, in the words of who looks at it: what it is, what became of it so far, what can be done. */
import { VERBS } from '../../../app/ops/verbs.ts';

/** What a person says beside the reason. Each is an option of the verb. */
export type Field = 'credits' | 'user' | 'force' | 'sent';

export interface Deed {
  /** On its button. */
  label: string;
  /** Of `npm run ops`. */
  verb: string;
  options?: readonly string[];
  /** What the user will see of it; default: as the verb says it. */
  users?: string;
  fields?: readonly Field[];
  /** It cannot be taken back. */
  isFinal?: true;
  /** Somebody goes without. */
  isLoss?: true;
  /** Several may be done at once. */
  isForMany?: true;
}

export interface Kind {
  title: string;
  what: string;
  /** What whom it concerns has seen of it so far. */
  seen: string;
  deeds: Readonly<Record<string, Deed>>;
}

const REDRIVE = { verb: 'dead redrive', isForMany: true } as const;
const GIVE_UP = { verb: 'dead dismiss', isFinal: true, isLoss: true, isForMany: true } as const;
const RESOLVE = { verb: 'unknown resolve', isForMany: true } as const;

export const KINDS = {
  update: {
    title: 'Updates that were given up',
    what: 'A message, a tap, a checkout or a payment that failed at every attempt. It was set aside so that its chat could go on.',
    seen: 'Whoever sent it has no answer to it, or only a part of one. What they wrote afterwards was answered.',
    deeds: {
      redrive: {
        ...REDRIVE,
        label: 'Run again',
        users:
          'They get the answer now, late. What was sent to them already is not sent again; a send of unknown outcome once at most.',
      },
      dismiss: {
        ...GIVE_UP,
        label: 'Give up',
        users: 'They never get an answer to it, and are not told. What they wrote is deleted.',
      },
    },
  },
  callback: {
    title: 'Callbacks that were given up',
    what: 'What Crypto Pay or NOWPayments has said of a payment: signed by them and stored, and every attempt to book it failed. It cannot be given up here: somebody may have paid.',
    seen: 'Whoever paid may still wait for their credits. The provider is asked about open payments as well, every half minute.',
    deeds: {
      redrive: {
        ...REDRIVE,
        label: 'Run again',
        users: 'What was paid is credited, once, to who ordered it, and they get a receipt.',
      },
    },
  },
  rendered: {
    title: 'Renders that were told of in vain',
    what: 'What Novita has said of a picture or a video: that it is over. Every attempt to note that failed.',
    seen: 'Whoever ordered it may still wait. What has become of it is asked as well, until it is there or its credits go back.',
    deeds: {
      redrive: { ...REDRIVE, label: 'Run again', users: 'They get it as soon as it is there, once.' },
      dismiss: {
        verb: 'dead dismiss',
        isFinal: true,
        isForMany: true,
        label: 'Give up',
        users: 'Nothing else: it is asked for by the clock, and they get it or their credits.',
      },
    },
  },
  job: {
    title: 'Jobs that were given up',
    what: 'Something that the bot had decided to do, such as a reminder or a refund, and that failed at every attempt.',
    seen: 'It has not happened, and nobody was told so.',
    deeds: {
      redrive: {
        ...REDRIVE,
        label: 'Run again',
        users: 'It happens now, late: they get what they were promised, once.',
      },
      dismiss: { ...GIVE_UP, label: 'Give up', users: 'It never happens, and nobody is told.' },
    },
  },
  message: {
    title: 'Messages that were given up',
    what: 'Something that the bot had to say because of a payment, a job or a schedule. Telegram refused it, or it never left.',
    seen: 'They have not had it.',
    deeds: {
      redrive: { ...REDRIVE, label: 'Send again', users: 'They get it now, late.' },
      dismiss: { ...GIVE_UP, label: 'Leave unsaid', users: 'They never get it, and are not told.' },
    },
  },
  unknown: {
    title: 'Sends that may have arrived',
    what: 'It was sent, and no answer came back: nobody knows whether it arrived. It is not sent again by itself, as it might come twice.',
    seen: 'They may have it once, twice or not at all. Look into the chat, or ask them.',
    deeds: {
      arrived: {
        ...RESOLVE,
        options: ['--as=arrived'],
        label: 'It arrived',
        users: 'Nothing: they have it. It is taken off the desk.',
      },
      lost: {
        ...RESOLVE,
        options: ['--as=lost'],
        label: 'It did not arrive',
        users: 'Nothing is sent by the bot. Write to them yourself where it matters. It is taken off the desk.',
      },
    },
  },
  payment: {
    title: 'Payments that wait',
    what: 'Somebody has paid, and the bot cannot tell what for, or what it is worth; or a refund is under way and not confirmed yet.',
    seen: 'Of what nobody could value they have a receipt which says that a person looks at it. Nothing is credited yet.',
    deeds: {
      link: {
        verb: 'payments link',
        label: 'Credit it',
        fields: ['credits', 'user'],
        isFinal: true,
        users: 'Who it is credited to gets the credits within half a minute, and a receipt.',
      },
      refund: {
        verb: 'refund',
        label: 'Give it back',
        fields: ['force', 'sent'],
        isFinal: true,
        users: 'The money goes back to who paid, and the bot tells them. /history says: refunded.',
      },
      dismiss: { verb: 'payments dismiss', label: 'Leave it as it is' },
    },
  },
  held: {
    title: 'What goes out',
    what: 'After a restore, or by hand, everything that the bot says and pays by itself can be held until somebody has looked.',
    seen: 'Whoever writes is answered, and what is paid is credited. Receipts, reminders and refunds wait.',
    deeds: {
      resume: { verb: 'resume', label: 'Let everything go out', isFinal: true },
      hold: { verb: 'hold', label: 'Hold everything' },
      drop: { verb: 'held drop', label: 'Leave unsaid', isFinal: true, isLoss: true },
    },
  },
  flag: {
    title: 'Switches',
    what: 'A switch closes the entrances of a feature, or stops claiming a job or running a schedule, in every process within 5 s.',
    seen: '',
    deeds: {
      on: { verb: 'flag on', label: 'Switch on' },
      off: { verb: 'flag off', label: 'Switch off' },
    },
  },
} as const satisfies Record<string, Kind>;

export type KindName = keyof typeof KINDS;

/** What the user will see of a deed. */
export const usersOf = ({ users, verb }: Deed): string => users ?? VERBS.find(({ name }) => name === verb)?.users ?? '';

export const deedOf = (kind: KindName, deed: string): Deed | undefined => {
  const deeds: Readonly<Record<string, Deed>> = KINDS[kind].deeds;
  return Object.hasOwn(deeds, deed) ? deeds[deed] : undefined;
};
