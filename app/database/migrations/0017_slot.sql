-- Up Migration

-- What ran by the clock: a row for each slot that a worker has taken, so that of all workers one runs it, and that what
-- nobody ran can be told.
CREATE TABLE evenkeel.slot (
  name       text        NOT NULL,
  -- Where the slot begins, by the clock of the database.
  at         timestamptz NOT NULL,
  offered_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  -- Without it the worker that ran the slot is at it, or was lost.
  ended_at   timestamptz,
  outcome    text CHECK (outcome IN ('done', 'failed', 'late', 'cut short')),
  PRIMARY KEY (name, at)
);
-- The last that was done.
CREATE INDEX slot_done ON evenkeel.slot (name, at) WHERE outcome = 'done';
-- Retention.
CREATE INDEX slot_age ON evenkeel.slot (at);

-- Down Migration

DROP TABLE evenkeel.slot;
