-- Up Migration

-- A file too large for Telegram that lies in the object store for a while, and the link that its person has to it. Of the
-- link only a hash is kept: whoever reads this table cannot follow one.
CREATE TABLE evenkeel.file_link (
  id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  bot_id      bigint      NOT NULL,
  user_id     bigint      NOT NULL,
  download_id bigint      NOT NULL,
  token_hash  bytea       NOT NULL UNIQUE,
  -- Null: it was deleted, or forgotten.
  name        text,
  size        bigint      NOT NULL,
  expires_at  timestamptz NOT NULL,
  warned_at   timestamptz,
  -- Before its time.
  revoked_at  timestamptz,
  created_at  timestamptz NOT NULL DEFAULT now()
);
-- Whom to tell that theirs is about to end.
CREATE INDEX file_link_unwarned ON evenkeel.file_link (bot_id, expires_at) WHERE warned_at IS NULL AND revoked_at IS NULL;
-- What somebody has.
CREATE INDEX file_link_person ON evenkeel.file_link (bot_id, user_id) WHERE revoked_at IS NULL;
CREATE INDEX file_link_age ON evenkeel.file_link (expires_at);

-- Down Migration

DROP TABLE evenkeel.file_link;
