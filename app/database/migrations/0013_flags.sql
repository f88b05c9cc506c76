-- Up Migration

-- What people have switched off, or on again, while the bot runs. What has no row is on. The audit says who and why.
CREATE TABLE evenkeel.flag (
  name       text        PRIMARY KEY,
  is_on      boolean     NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT now(),
  changed_by text        NOT NULL,
  reason     text        NOT NULL
);

-- Down Migration

DROP TABLE evenkeel.flag;
