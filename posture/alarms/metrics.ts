/** Names of the metrics that we emit ourselves; the sentinel and the tasks write them, the alarms read them. */

/** What the sentinel sees from outside. */
export const SENTINEL = 'Evenkeel/Sentinel';
/** What a task says of itself. */
export const TASK = 'Evenkeel/Task';
/** What is counted in the tasks' logs. What counts cannot add a dimension, so the stack's name stands after it: `Evenkeel/Logs/name`. */
export const LOGS = 'Evenkeel/Logs';

/** Metrics of the sentinel. A metric is left out when its source gave no answer; `look` never is. */
export const SENTINEL_METRICS = {
  /** 1 for every look. */
  look: 'Look',
  /** 0 healthy, 1 degraded, 2 unhealthy or no usable answer. */
  botHealth: 'BotHealth',
  /** 1 when getWebhookInfo got no answer, 0 when it did. */
  telegramUnreachable: 'TelegramUnreachable',
  /** 1 when Telegram says that the token is not valid. */
  tokenRefused: 'TelegramTokenRefused',
  /** 0 when Telegram's webhook is the declared one, 1 when it has other settings, 2 when it has another address. */
  webhookMismatch: 'WebhookMismatch',
  /** 1 when Telegram reports a failed delivery since the look before. */
  webhookFailing: 'WebhookFailing',
  /** Updates that wait at Telegram. */
  webhookPending: 'WebhookPending',
  /** Seconds for which the oldest open transaction of the database has been open. */
  oldestTransaction: 'DatabaseOldestTransaction',
  /** Of each queue: updates not yet processed, the age of the oldest in seconds, updates given up, and
   * updates that wait although no lane is at work or about to be. */
  queuePending: 'QueuePending',
  queueAge: 'QueueAge',
  queueParked: 'QueueParked',
  queueStranded: 'QueueStranded',
  /** Of the jobs of all queues: seconds by which the oldest that is due is older than its queue allows, jobs that run on
   * beyond their deadline, and jobs given up, apart from those for which nobody can wait. */
  jobsLateBy: 'JobsLateBy',
  jobsOverdue: 'JobsOverdue',
  jobsDead: 'JobsDead',
  jobsDeadUrgent: 'JobsDeadUrgent',
  /** Of the jobs of the media tasks: seconds for which the oldest has been due. Tasks are added by it. */
  mediaAge: 'MediaAge',
  /** How many of those jobs are due or run: where none is, a task is taken away. */
  mediaBusy: 'MediaBusy',
  /** Of what runs by the clock: the most slots in a row that nobody has done. */
  slotsMissed: 'SlotsMissed',
  /** Of the outbox: seconds by which the oldest message that is due is older than it should be, and messages that a
   * person has to look at, as they were given up, or as nobody knows whether they arrived. */
  messagesLateBy: 'MessagesLateBy',
  messagesDead: 'MessagesDead',
  messagesUnknown: 'MessagesUnknown',
  /** Answers to updates of which nobody knows whether they arrived. */
  answersUnknown: 'AnswersUnknown',
  /** Of each role, in the cloud: tasks that are wanted at this moment and do not run. */
  tasksMissing: 'TasksMissing',
} as const;

/** Values of `webhookMismatch`. */
export const WEBHOOK = { declared: 0, otherSettings: 1, otherAddress: 2 } as const;

/** Metrics of a task, emitted by the task itself once a minute. */
export const TASK_METRICS = {
  /** 1 each time. */
  heartbeat: 'Heartbeat',
  /** 1 while the connection that LISTENs is down. */
  listenerDown: 'ListenerDown',
  /** Chats that were taken from this living task in the last minutes. */
  lanesLost: 'LanesLost',
  /** Of a media task: how much of its disk is used, %. */
  diskUsed: 'DiskUsed',
  /** Open files and sockets. */
  openFiles: 'OpenFiles',
  /** Of each provider: 1 while the breaker is open, 0.5 while one call tries again. */
  breakerOpen: 'BreakerOpen',
  /** Of a provider that is paid in advance: 1 since it said that our account is empty. */
  balanceEmpty: 'ProviderBalanceEmpty',
  /** How the money is (app/payments/watch.ts); of the stack and not of a task: every worker sees the same. */
  paymentsUncredited: 'PaymentsUncredited',
  paymentsParked: 'PaymentsParked',
  refundsStuck: 'RefundsStuck',
  reconciledSeconds: 'ReconciledSeconds',
  moneyMismatches: 'MoneyMismatches',
  paymentsTakenBack: 'PaymentsTakenBack',
  /** 1 while nothing goes out, as the database was put back or replaced; of the stack. */
  held: 'HeldAfterRestore',
  /** Of a web task: callbacks of the last minutes whose signature is not their provider's. */
  callbacksForged: 'CallbacksForged',
} as const;

/** Counted in the logs: lines of level fatal, each the end of a process. */
export const LOG_METRICS = { fatal: 'Fatal' } as const;

/** How often a task emits its metrics, ms: the finest period of the alarms on them. */
export const TASK_METRICS_EVERY = 60_000;

/** What autoscaling reads: its zeros take tasks away, so none is left out. */
export const SCALED_BY: readonly string[] = [
  SENTINEL_METRICS.queueAge,
  SENTINEL_METRICS.mediaAge,
  SENTINEL_METRICS.mediaBusy,
];

/** What is never 0 in a stack that lives: the bill counts it, whatever its alarms want. */
export const NEVER_ZERO: readonly string[] = [
  SENTINEL_METRICS.look,
  // 0 where no transaction is open; its silence is what is heard.
  SENTINEL_METRICS.oldestTransaction,
  TASK_METRICS.heartbeat,
  TASK_METRICS.openFiles,
  TASK_METRICS.diskUsed,
  TASK_METRICS.reconciledSeconds,
];
