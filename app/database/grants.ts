/**
 * Who may do what, table by table; a table that is not named here is nobody's but the owner's. Web stores updates and
 * counts them, worker does the work, media its own jobs alone, the operator looks at both without reading what people wrote; none owns anything.
 */
const READ_WRITE = 'SELECT, INSERT, UPDATE, DELETE';
/** What is kept for ever. */
const CHANGED = 'SELECT, INSERT, UPDATE';
/** What is never changed: a mistake is mended by a further row. */
const APPENDED = 'SELECT, INSERT';

/** All of an update but what a person wrote and what became of it. Reading the key is also what ON CONFLICT needs. */
const NOT_CONTENT = 'bot_id, update_id, queue, lane, state, attempts, takeovers, received_at, settled_at';

/** Of a message, whose and when it was. */
const NOT_TEXT = 'bot_id, update_id, role, chat_id, thread_id, created_at';

/** Of a render, all but what it is of and where it lies. */
const NOT_WORDS =
  'id, bot_id, user_id, kind, makes, price, state, tries, task, looks, missed, percent, deliveries, reason, deadline_at, ordered_at, submitted_at, ended_at';

/** Of a download, all but what it is of. */
const NOT_LINK = 'id, bot_id, user_id, quality, state, percent, leaves, reason, deadline_at, ordered_at, ended_at';

/** Of a link to a file, all but its name and what would prove that one knows it. */
const NOT_NAME = 'id, bot_id, user_id, download_id, size, expires_at, warned_at, revoked_at, created_at';
/** What it takes to follow one. */
const TO_FOLLOW = 'bot_id, download_id, token_hash, name, expires_at, revoked_at';

/** Of a job, all but what it was given, what it gave back and why it failed. */
const NOT_DATA =
  'id, name, state, priority, retry_limit, retry_count, start_after, singleton_key, group_id, created_on, started_on, completed_on, dead_letter, source_name, source_id, source_created_on, source_retry_count';

/** Of a payment, what asking for its refund changes, and deciding about one that is parked. */
const REFUND =
  'state, refund_by, refund_reason, refund_error, changed_at, link_user, link_credits, link_by, link_reason, dismissed_at';

/** Of a message of the outbox, all but what it says and what became of that. */
const NOT_SAID =
  'id, bot_id, cause, ordinal, chat_id, class, rank, method, state, attempts, due_at, created_at, claimed_at, settled_at, resolved_at, error_code';

/** Of a broadcast, all but its words. */
const NOT_SAID_TO_ALL =
  'id, bot_id, made_by, state, phase, version, segment, language, category, revision, cursor, turn, why, recipients, sent, unknown, blocked, gone, failed, left_out, edited, unedited, created_at, started_at, going_since, ended_at';

interface Grant {
  web?: string;
  worker?: string;
  media?: string;
  operator?: string;
}

/** Of the schema evenkeel. A table that a release drops stays here for as long as that release may be taken back. */
export const TABLES: Readonly<Record<string, Grant>> = {
  inbox: {
    web: `SELECT (${NOT_CONTENT}), INSERT`,
    media: `SELECT (${NOT_CONTENT})`,
    worker: READ_WRITE,
    operator: `SELECT (${NOT_CONTENT})`,
  },
  arrival: { web: 'INSERT', worker: READ_WRITE, operator: 'SELECT' },
  lane: { web: 'SELECT, INSERT', media: 'SELECT', worker: READ_WRITE, operator: 'SELECT' },
  worker: { worker: READ_WRITE, operator: 'SELECT' },
  pulse: { worker: READ_WRITE, media: 'SELECT', operator: 'SELECT' },
  message: { worker: READ_WRITE, operator: `SELECT (${NOT_TEXT})` },
  answer: { worker: READ_WRITE, operator: 'SELECT' },
  outbox: {
    web: `SELECT (${NOT_SAID})`,
    media: 'SELECT, INSERT, DELETE, UPDATE (bot_id)',
    worker: READ_WRITE,
    operator: `SELECT (${NOT_SAID})`,
  },
  slot: { web: 'SELECT', media: 'SELECT', worker: READ_WRITE, operator: 'SELECT' },
  person: { worker: CHANGED, media: 'SELECT', operator: 'SELECT' },
  broadcast: { worker: READ_WRITE, operator: `SELECT (${NOT_SAID_TO_ALL})` },
  broadcast_recipient: { worker: READ_WRITE, operator: 'SELECT' },
  dialog: { worker: READ_WRITE },
  tap: { worker: READ_WRITE, media: CHANGED },
  rate: { worker: READ_WRITE, media: READ_WRITE, operator: 'SELECT' },
  // The operator asks for refunds: it locks the account, for which a right to one column is the least that there is.
  account: { worker: CHANGED, operator: 'SELECT, INSERT (bot_id, user_id), UPDATE (bot_id)' },
  ledger_tx: { worker: APPENDED, operator: 'SELECT' },
  ledger_entry: { worker: APPENDED, operator: 'SELECT' },
  reserve: { worker: CHANGED, operator: 'SELECT' },
  purchase: { worker: CHANGED, operator: 'SELECT' },
  payment: { worker: CHANGED, operator: `SELECT, UPDATE (${REFUND})` },
  deposit: { worker: CHANGED, operator: 'SELECT' },
  till: { worker: CHANGED, operator: 'SELECT' },
  callback: { worker: READ_WRITE, operator: 'SELECT (bot_id, id, provider, deposit, received_at)' },
  subscription: { worker: CHANGED, operator: 'SELECT' },
  render: { worker: READ_WRITE, operator: `SELECT (${NOT_WORDS})` },
  access: { worker: CHANGED, operator: 'SELECT' },
  access_period: { worker: CHANGED, operator: 'SELECT' },
  standing: { worker: CHANGED, operator: 'SELECT' },
  download: { worker: READ_WRITE, media: 'SELECT, UPDATE', operator: `SELECT (${NOT_LINK})` },
  file_link: {
    web: `SELECT (${TO_FOLLOW})`,
    worker: READ_WRITE,
    media: 'SELECT, INSERT',
    operator: `SELECT (${NOT_NAME})`,
  },
  sent_file: { worker: READ_WRITE, media: CHANGED },
  intent: { worker: READ_WRITE },
  promo: { worker: CHANGED, operator: 'SELECT, INSERT, UPDATE (ended_at)' },
  star_transaction: { worker: CHANGED, operator: 'SELECT' },
  star_cursor: { worker: CHANGED, operator: 'SELECT' },
  audit: { worker: 'INSERT', media: 'INSERT', operator: APPENDED },
  flag: { web: 'SELECT', worker: CHANGED, media: 'SELECT', operator: CHANGED },
  lineage: {
    web: 'SELECT',
    worker: 'SELECT, UPDATE (held_at, held_why, known_until)',
    media: 'SELECT, UPDATE (held_at, held_why, known_until)',
    operator: 'SELECT',
  },
  desk: { operator: 'SELECT' },
  unknown_send: {
    web: 'SELECT (state, settled_at)',
    worker: 'SELECT (state, settled_at)',
    media: 'SELECT (state, settled_at)',
    operator: 'SELECT',
  },
  left_message: { operator: 'SELECT' },
};

export const SEQUENCES: Readonly<Record<string, Grant>> = { generation: { worker: 'USAGE' } };

/** What a person may do with an update; each says in the audit who did it and why. */
const BY_HAND = [
  'dead_jobs',
  'redrive_jobs',
  'dismiss_jobs',
  'redrive_messages',
  'resolve_messages',
  'redrive',
  'dismiss',
  'park',
  'resolve_sends',
  'hold',
  'resume',
  'leave_unsaid',
];

/** Whether anything may go out: asked by who sends, and told by who is asked how the bot is. */
const RESTORE = ['held', 'lineage_now', 'goes_out'];

/**
 * One string of statements, and so one transaction: whatever was granted before is taken back and what is written here
 * given, for the objects that are there, without a moment in between. Tasks that run keep their prepared statements.
 */
export function grantStatements(present: ReadonlySet<string>, pgboss: string): string {
  const of = (kind: 'TABLE' | 'SEQUENCE', grants: Readonly<Record<string, Grant>>) =>
    Object.entries(grants)
      .filter(([name]) => present.has(name))
      .flatMap(([name, grant]) => [
        `REVOKE ALL ON ${kind} evenkeel.${name} FROM web, worker, media, operator;`,
        ...Object.entries(grant).map(
          ([role, what]) => `GRANT ${what as string} ON ${kind} evenkeel.${name} TO ${role};`,
        ),
      ]);
  return [
    'GRANT USAGE ON SCHEMA evenkeel TO web, worker, media, operator;',
    ...of('TABLE', TABLES),
    ...of('SEQUENCE', SEQUENCES),
    ...BY_HAND.map((name) => `GRANT EXECUTE ON FUNCTION evenkeel.${name} TO operator;`),
    ...RESTORE.map((name) => `GRANT EXECUTE ON FUNCTION evenkeel.${name} TO web, worker, media, operator;`),
    'GRANT USAGE ON SCHEMA evenkeel_migrations TO operator;',
    'GRANT SELECT ON evenkeel_migrations.migration TO operator;',
    `GRANT USAGE ON SCHEMA ${pgboss} TO web, worker, media, operator;`,
    `GRANT SELECT ON ${pgboss}.job TO web;`,
    `GRANT SELECT (${NOT_DATA}), INSERT ON ${pgboss}.job TO operator;`,
    `GRANT SELECT ON ${pgboss}.queue, ${pgboss}.version TO operator;`,
    `GRANT ${READ_WRITE} ON ALL TABLES IN SCHEMA ${pgboss} TO worker, media;`,
    `GRANT USAGE ON ALL SEQUENCES IN SCHEMA ${pgboss} TO worker, media;`,
    `GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ${pgboss} TO worker, media;`,
  ].join('\n');
}
