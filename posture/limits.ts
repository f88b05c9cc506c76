/** Everything that follows from the posture as a number: connections, role limits, heap, server parameters. */
import { QUEUES, SWITCHED, workOf, type DeclaredQueue, type FeatureName } from './features/index.ts';
import { ECS } from './outside.ts';
import { INSTANCE_MEMORY_GIB } from './schema/database.ts';
import { PAYERS, type CallbackSource } from './payers.ts';
import type { JobName, Posture } from './schema/index.ts';

/** Tasks that serve for as long as the bot does: all that there are. Which of them a posture has, {@link rolesOf} says. */
export const ROLES = ['web', 'worker', 'media'] as const;
export type Role = (typeof ROLES)[number];
/** Those that run jobs. */
export type JobRole = Exclude<Role, 'web'>;

/** Whether something that is on has jobs for the media tasks. */
export const hasMedia = ({ features }: Pick<Posture, 'features'>): boolean =>
  Object.keys(SWITCHED).some(
    (name) => features[name as FeatureName] && workOf(name as FeatureName).some(({ role }) => role === 'media'),
  );

/** Roles that a posture has tasks of. What nobody wants is nowhere: no task, no login, no alarm. */
export const rolesOf = (posture: Pick<Posture, 'features'>): readonly Role[] =>
  hasMedia(posture) ? ROLES : ROLES.filter((role) => role !== 'media');

/** Something of each role that a posture has. */
export type OfRoles<T> = Record<Exclude<Role, 'media'>, T> & { media?: T };

export const ofRoles = <T>(posture: Pick<Posture, 'features'>, make: (role: Role) => T): OfRoles<T> =>
  Object.fromEntries(rolesOf(posture).map((role) => [role, make(role)])) as OfRoles<T>;

/** As {@link rolesOf}, without web. */
export const jobRolesOf = (posture: Pick<Posture, 'features'>): readonly JobRole[] =>
  rolesOf(posture).filter((role) => role !== 'web');

const DECLARED: Record<JobName, DeclaredQueue> = QUEUES;

/** Who runs the jobs of a queue: where no media task is, what was begun is the workers' to end. */
const runs = (posture: Posture, queue: JobName): JobRole =>
  hasMedia(posture) ? (DECLARED[queue].role ?? 'worker') : 'worker';

/** Queues whose jobs a role runs. */
export const queuesOf = (posture: Posture, role: JobRole): JobName[] =>
  (Object.keys(posture.work) as JobName[]).filter((queue) => runs(posture, queue) === role);

export const MiB = 2 ** 20;
export const GiB = 2 ** 30;

/** Connections of the one-off migration task: one that migrates, one that holds the lock. */
export const MIGRATE_CONNECTIONS = 2;

/** What a Node process of ours occupies outside the heap limit: code, young generation, stacks, TLS (measured at rest). */
export const BASE_MEMORY = 90 * MiB;
/** Share of a task's memory that may be planned for; the rest is for the kernel and for what nobody foresaw. */
export const MEMORY_SHARE = 0.85;
/**
 * What a program occupies that a media task starts for one of its files: an interpreter with the player's scripts in a
 * second one, or what puts picture and sound together.
 */
export const CHILD_MEMORY = 256 * MiB;
/** Bytes in flight of one open provider call: a socket's read and write buffer. */
export const STREAM_CHUNK = 64 * 1024;

/** INSERTs of gathered updates that a web task has under way at once: one being written while the next gathers. */
export const WRITERS = 2;
/** Bytes of bodies after which a lane reads no further ahead; the body that goes beyond is still read. */
export const LANE_BODIES = 64 * 1024;
/** What the worker keeps of its drain for closing its providers and its server, ms. */
export const CLOSING = 1000;

/**
 * Connections of one task outside its pool: one for the health of a web task, so that whoever asks takes none from the
 * intake, and one with which the others LISTEN.
 */
export const BESIDE_POOL = {
  web: { health: 1, listen: 0 },
  worker: { health: 0, listen: 1 },
  media: { health: 0, listen: 1 },
} as const satisfies Record<Role, { health: number; listen: number }>;

/** Rounds up, forgiving the last bits of a float: 10 × 110 % is 11, not 12. */
const ceil = (value: number): number => Math.ceil(Number(value.toFixed(6)));

/** Connections that one task of a role may hold: its pool and what it opens beside it. */
export const connectionsPerTask = (posture: Posture, role: Role): number =>
  posture[role].pool + BESIDE_POOL[role].health + BESIDE_POOL[role].listen;

/** Tasks of a role that hold connections at the worst moment, by what they are doing. */
export interface PeakTasks {
  /**
   * Old and new tasks of one deploy. Never less than two sets: with a surge under 200 % the deploy goes in steps, and
   * the old tasks of the earlier steps, though STOPPING and no longer counted by ECS, still hold their connections.
   */
  deploying: number;
  /** STOPPING tasks of a deploy or a scale-in begun inside the stop time of the one before. */
  overlapping: number;
  /**
   * Tasks that a lost zone (or, with one zone, a lost host) took away in the midst of a deploy, each of its two sets
   * spread evenly: the server keeps their connections until keepalive while their successors open new ones.
   */
  lost: number;
}

export function peakTasks(posture: Posture, role: Role): PeakTasks {
  const { max } = posture[role].tasks;
  const deploying = Math.max(ceil(max * posture.rollout.surge), 2 * max);
  const { zones } = posture.network;
  return {
    deploying,
    overlapping: max * posture.rollout.overlap,
    lost: zones > 1 ? 2 * Math.ceil(max / zones) : 1,
  };
}

/** Tasks of a role that may be running at once, those of an overlapping deploy or a lost zone included. */
export function mostTasks(posture: Posture, role: Role): number {
  const { deploying, overlapping, lost } = peakTasks(posture, role);
  return deploying + Math.max(overlapping, lost);
}

/** Tasks that send to Telegram, and may be running at once. */
export const mostSenders = (posture: Posture): number =>
  jobRolesOf(posture).reduce((sum, role) => sum + mostTasks(posture, role), 0);

/**
 * Messages a second that one task may send while the database cannot share the rate out: its part of it when all tasks
 * that may be running send as much.
 */
export const sendsPerTask = (posture: Posture): number => posture.providers.telegram.rate.global / mostSenders(posture);

/**
 * Connections of a role at the worst moment: a deploy while autoscaling is at its maximum, and beside it either another
 * one inside its stop time or the loss of a zone.
 */
export const peakConnections = (posture: Posture, role: Role): number =>
  mostTasks(posture, role) * connectionsPerTask(posture, role);

/** `CONNECTION LIMIT` of each database role: its peak, so that no role can starve another. */
export const connectionLimits = (posture: Posture): OfRoles<number> =>
  ofRoles(posture, (role) => peakConnections(posture, role));

/** `CONNECTION LIMIT` of every role of the database: what the law connections.fit counts for it. */
export const roleLimits = (posture: Posture) => ({
  ...connectionLimits(posture),
  owner: MIGRATE_CONNECTIONS,
  operator: posture.rollout.operators,
});

/** Tasks of a role that serve at the least: what a deploy keeps of the minimum. */
export const leastTasks = (posture: Posture, role: Role): number => {
  const { min } = posture[role].tasks;
  return Math.min(min, ECS.leastRunning(min, posture.rollout.minimumHealthy));
};

/** Of some tasks spread over the zones, those left when the fullest zone is lost; all of them where there is one zone only. */
export const withoutOneZone = ({ network: { zones } }: Posture, tasks: number): number =>
  zones > 1 ? tasks - Math.ceil(tasks / zones) : tasks;

/**
 * Of some tasks, those that are left to do all the work: in production a zone may be lost; a development stack promises
 * to bear no loss, so that one task of each role is enough for it.
 */
export const tasksLeft = (posture: Posture, tasks: number): number =>
  posture.stage === 'production' ? withoutOneZone(posture, tasks) : tasks;

/** Chats, and queries, that one worker task works on at once. */
export const lanesPerTask = ({ jobs }: Posture): number => Object.values(jobs).reduce((sum, job) => sum + job.lanes, 0);

/** Jobs that one task of a role runs at once. */
export const jobsPerTask = (posture: Posture, role: JobRole): number =>
  queuesOf(posture, role).reduce((sum, queue) => sum + posture.work[queue].concurrency, 0);

/** Whether anything is paid for: then a pre-checkout query has to be answered in Telegram's 10 s, worker lost or not. */
export const sellsSomething = ({ features }: Posture): boolean =>
  Object.entries(SWITCHED).some(([name, { sells }]) => sells && features[name as FeatureName]);

/** What the chat declares of itself. */
interface Chat {
  price: { in: number; out: number };
  stream: { by: string; pace: number };
}

/** Undefined where the feature is off, or was taken out of the project. */
export function chatOf(posture: Posture): Chat | undefined {
  const { features, chat } = posture as { features: { chat?: boolean }; chat?: Chat };
  return features.chat ? chat : undefined;
}

/** Whether answers of the chat cost credits: where nothing is for sale, nobody could get any. */
export function chatCosts(posture: Posture): boolean {
  const chat = chatOf(posture);
  return chat !== undefined && sellsSomething(posture) && chat.price.in + chat.price.out > 0;
}

/** Pauses between attempts, ms: doubled after each, capped. */
export function backoffs(attempts: number, first: number, max = Infinity): number {
  let sum = 0;
  for (let attempt = 1; attempt < attempts; attempt++) sum += Math.min(max, first * 2 ** (attempt - 1));
  return sum;
}

type Provider = Posture['providers'][keyof Posture['providers']];

/** Longest time that one request to a provider takes once it has its place, repeats included, ms. */
export const longestCall = ({ timeout, attempts, backoff }: Provider): number =>
  timeout * attempts + backoffs(attempts, backoff);

/** Writing down the outcome of a piece of work: a connection and a query, ms. */
export const settleTime = ({ database: { timeouts } }: Posture): number => timeouts.acquire + timeouts.query;

/** Providers that people pay by, beside Telegram. */
export const payersInUse = ({ features }: Posture): CallbackSource[] =>
  Object.entries(SWITCHED).flatMap(([name, { paidBy }]) => (features[name as FeatureName] ? paidBy : []));

type ProviderName = keyof Posture['providers'];

/** How long an answer that is written waits at most until the last look at it, taken before, has arrived or is given up, ms. */
export const LAST_FRAME = 1_000;

/** Whether answers are shown while they are being written. */
export const showsAnswers = (posture: Posture): boolean => (chatOf(posture)?.stream.by ?? 'whole') !== 'whole';

/** What that takes of the time of a handler, ms. */
export const lastFrame = (posture: Posture): number => (showsAnswers(posture) ? LAST_FRAME : 0);

/** Telegram, and those of the others that some feature asks which is on. */
function askedBy({ providers, features }: Posture, by: 'asks' | 'jobsAsk'): ProviderName[] {
  const asked = Object.entries(SWITCHED).flatMap(([name, declared]): readonly ProviderName[] =>
    features[name as FeatureName] ? declared[by] : [],
  );
  return (Object.keys(providers) as ProviderName[]).filter((name) => name === 'telegram' || asked.includes(name));
}

/** Providers that the handling of an update may wait for. */
export const providersOfUpdates = (posture: Posture): ProviderName[] => askedBy(posture, 'asks');

/** Providers that are called at all: a feature that is off calls none. */
export const providersInUse = (posture: Posture): ProviderName[] => [
  ...new Set([...askedBy(posture, 'asks'), ...askedBy(posture, 'jobsAsk')]),
];

/**
 * Longest time that a call waits for a free place (bulkhead), ms: what the chat's handler has left when every call in it
 * takes as long as it may and its turn to send has been waited for, shared between the providers; and no more than the
 * handler of a payment has left, which sends one message. Who would wait longer is postponed, and uses up no attempt.
 */
export function placeWait(posture: Posture): number {
  const used = providersOfUpdates(posture);
  const calls = used.reduce((sum, name) => sum + longestCall(posture.providers[name]), 0);
  const { patience } = posture.providers.telegram.rate;
  const { chat, payment } = posture.jobs;
  const left = [
    (chat.handler - calls - patience - lastFrame(posture)) / used.length,
    payment.handler - longestCall(posture.providers.telegram) - patience,
  ];
  return Math.max(0, Math.floor(Math.min(...left)));
}

/**
 * How long a message of the outbox belongs to the worker that claimed it, ms. No request leaves in its second half, which
 * is longer than a request takes: so whoever finds one after it knows that nobody is sending it.
 */
export function outboxLease({ providers: { telegram } }: Posture): number {
  return 2 * (longestCall(telegram) + telegram.rate.patience + OUTBOX_SLACK);
}
/** Writing down what became of one. */
const OUTBOX_SLACK = 2_000;

/** Connections beside the roles': the migration task, the sentinel, people. */
export const otherConnections = (posture: Posture): number =>
  MIGRATE_CONNECTIONS + posture.sentinel.connections + posture.rollout.operators;

/** All connections that may be wanted at once. */
export const demand = (posture: Posture): number =>
  rolesOf(posture).reduce((sum, role) => sum + peakConnections(posture, role), otherConnections(posture));

/** Connections of the server that are ours: max_connections without what superusers and the managed service keep. */
export const usableConnections = ({ database }: Posture): number =>
  database.maxConnections - database.superuserReserved - database.serviceReserved;

/** Memory of the database instance, bytes. */
export const instanceMemory = (posture: Posture): number => INSTANCE_MEMORY_GIB[posture.database.instance] * GiB;

/** Longest time that the server keeps the connection of a client whose host is gone, ms. */
export const keepaliveTimeout = ({ database: { keepalive } }: Posture): number =>
  keepalive.idle + keepalive.interval * keepalive.count;

/**
 * Bytes of one body outside the heap: as it came in, and as the INSERT sends it, in which every backslash and every quote
 * is escaped once more, and which one repeat may build again.
 */
const WIRE_COPIES = 1 + 2 * 2;

/** Providers whose callbacks a web task takes, each beside the other. */
const CALLBACK_PROVIDERS = PAYERS.length;

/** Requests from outside that one web task takes at once. */
export const requestsAtOnce = ({ web }: Posture): number =>
  web.maxInFlight + CALLBACK_PROVIDERS * web.callbacks.maxInFlight;

/** Sockets of one job that moves a file: where it comes from, a proxy's two ends before it, and where it goes. */
const SOCKETS_PER_FILE = 4;

/** Calls to others that one task has open at once. */
export function callsAtOnce(posture: Posture, role: JobRole): number {
  const { providers, payments } = posture;
  const { telegram } = providers;
  if (role === 'media')
    return telegram.concurrency + telegram.upload.concurrency + SOCKETS_PER_FILE * jobsPerTask(posture, 'media');
  return (
    Object.values(providers).reduce((sum, { concurrency }) => sum + concurrency, 0) +
    telegram.upload.concurrency +
    PAYERS.length * payments.providers.concurrency
  );
}

/** Bytes of their bodies, as they came. */
export const bodiesAtOnce = ({ web }: Posture): number =>
  web.maxInFlight * web.bodyLimit + CALLBACK_PROVIDERS * web.callbacks.maxInFlight * web.callbacks.bodyLimit;

/** Bytes that one task may hold outside its heap: bodies being received, open calls to providers, programs beside it. */
export function bufferMemory(posture: Posture, role: Role): number {
  if (role === 'web') return bodiesAtOnce(posture) * WIRE_COPIES;
  const children = role === 'media' ? jobsPerTask(posture, 'media') * CHILD_MEMORY : 0;
  return callsAtOnce(posture, role) * STREAM_CHUNK * 2 + children;
}

/** The heap limit of a task in bytes, whole MiB, for `--max-old-space-size`: what its memory leaves (faults oom, history-memory). */
export function heapLimit(posture: Posture, role: Role): number {
  const left = posture[role].memory * MEMORY_SHARE - BASE_MEMORY - bufferMemory(posture, role);
  return Math.max(0, Math.floor(left / MiB)) * MiB;
}
