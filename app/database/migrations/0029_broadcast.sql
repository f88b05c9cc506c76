-- Up Migration

-- What somebody does not want to hear of, by the category of broadcasts.
ALTER TABLE evenkeel.person ADD COLUMN muted text[] NOT NULL DEFAULT '{}';

-- What is written to many. A row each; whoever changes one holds its lock.
CREATE TABLE evenkeel.broadcast (
  id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  bot_id     bigint      NOT NULL,
  -- The owner who wrote it, and the update that it came in: made once.
  made_by    bigint      NOT NULL,
  update_id  bigint      NOT NULL,
  -- draft → running ⇄ paused | stopped → done | cancelled. stopped: by itself, for what `why` says.
  state      text        NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'running', 'paused', 'stopped', 'done', 'cancelled')),
  -- What is done while it runs: recipients are written down, then written to; afterwards perhaps its text is changed.
  phase      text        NOT NULL DEFAULT 'prepare' CHECK (phase IN ('prepare', 'send', 'edit')),
  -- Grows with every change by a person: a button of before does nothing.
  version    integer     NOT NULL DEFAULT 1,
  segment    text        NOT NULL DEFAULT 'everyone',
  language   text,
  category   text        NOT NULL DEFAULT 'news',
  content    json        NOT NULL,
  -- How often the text was changed after it had gone out.
  revision   integer     NOT NULL DEFAULT 0,
  -- The last person that was looked at while recipients are written down.
  cursor     bigint      NOT NULL DEFAULT 0,
  -- Its job: one at a time, each with a number of its own.
  turn       integer     NOT NULL DEFAULT 0,
  why        text,
  -- How many: recipients, and what became of them. left_out: who did not want it any more when it was their turn.
  recipients integer     NOT NULL DEFAULT 0,
  sent       integer     NOT NULL DEFAULT 0,
  unknown    integer     NOT NULL DEFAULT 0,
  blocked    integer     NOT NULL DEFAULT 0,
  gone       integer     NOT NULL DEFAULT 0,
  failed     integer     NOT NULL DEFAULT 0,
  left_out   integer     NOT NULL DEFAULT 0,
  -- Of the change that is under way or was made last.
  edited     integer     NOT NULL DEFAULT 0,
  unedited   integer     NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  -- When it was begun or gone on with last: before the database was put back, a person decides again.
  going_since timestamptz,
  ended_at   timestamptz,
  UNIQUE (bot_id, update_id)
);
-- One at a time: they share one pace.
CREATE UNIQUE INDEX broadcast_running ON evenkeel.broadcast (bot_id) WHERE state = 'running';
CREATE INDEX broadcast_last ON evenkeel.broadcast (bot_id, started_at) WHERE started_at IS NOT NULL;

-- Whom a broadcast goes to. 'sending' is committed before the request leaves: who is killed from then on leaves a row of
-- which nobody knows whether it arrived, and which is never sent again.
CREATE TABLE evenkeel.broadcast_recipient (
  broadcast_id bigint      NOT NULL,
  user_id      bigint      NOT NULL,
  bot_id       bigint      NOT NULL,
  state        text        NOT NULL DEFAULT 'waiting'
                           CHECK (state IN ('waiting', 'sending', 'sent', 'unknown', 'blocked', 'gone', 'failed', 'left-out')),
  due_at       timestamptz NOT NULL DEFAULT now(),
  created_at   timestamptz NOT NULL DEFAULT now(),
  -- What arrived, by which it can be changed; and which text it has.
  message_id   bigint,
  revision     integer     NOT NULL DEFAULT 0,
  PRIMARY KEY (broadcast_id, user_id)
) WITH (
  fillfactor = 80, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000,
  autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 20000
);
CREATE INDEX recipient_waiting ON evenkeel.broadcast_recipient (broadcast_id, due_at, user_id) WHERE state = 'waiting';
CREATE INDEX recipient_sending ON evenkeel.broadcast_recipient (broadcast_id) WHERE state = 'sending';
CREATE INDEX recipient_sent ON evenkeel.broadcast_recipient (broadcast_id, revision, due_at) WHERE state = 'sent';
CREATE INDEX recipient_user ON evenkeel.broadcast_recipient (bot_id, user_id);
CREATE INDEX recipient_age ON evenkeel.broadcast_recipient (created_at);

-- Down Migration

DROP TABLE evenkeel.broadcast_recipient, evenkeel.broadcast;
ALTER TABLE evenkeel.person DROP COLUMN muted;
