-- Up Migration

-- A file behind a link that somebody has asked for, from the order to its end; one under way a person.
CREATE TABLE evenkeel.download (
  id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  bot_id      bigint      NOT NULL,
  user_id     bigint      NOT NULL,
  -- Null: it is over, or its person wants it forgotten.
  link        text,
  quality     text        NOT NULL CHECK (quality IN ('best', 'small', 'sound')),
  -- ordered → fetching → sending → sent. `sending` is committed before the upload leaves: who is killed from there on
  -- leaves one of which nobody knows whether it arrived.
  state       text        NOT NULL DEFAULT 'ordered' CHECK (state IN ('ordered', 'fetching', 'sending', 'sent', 'failed', 'cancelled')),
  percent     smallint    NOT NULL DEFAULT 0,
  -- How often it has left for Telegram, or may have.
  leaves      smallint    NOT NULL DEFAULT 0,
  -- Why it ended without a file.
  reason      text,
  deadline_at timestamptz NOT NULL,
  ordered_at  timestamptz NOT NULL DEFAULT now(),
  ended_at    timestamptz,
  CHECK ((ended_at IS NOT NULL) = (state IN ('sent', 'failed', 'cancelled')))
) WITH (fillfactor = 70);
-- One under way a person, however many are asked for at once.
CREATE UNIQUE INDEX download_one ON evenkeel.download (bot_id, user_id) WHERE ended_at IS NULL;
-- Those under way: how many, and which of them are late.
CREATE INDEX download_open ON evenkeel.download (bot_id, deadline_at) WHERE ended_at IS NULL;
-- What somebody has had in a day.
CREATE INDEX download_person ON evenkeel.download (bot_id, user_id, ordered_at);
CREATE INDEX download_ended ON evenkeel.download (ended_at) WHERE ended_at IS NOT NULL;

-- What Telegram has of a link in a quality: sent again from there. By a hash, and nobody's: who asked is not in it.
CREATE TABLE evenkeel.sent_file (
  bot_id  bigint      NOT NULL,
  hash    bytea       NOT NULL,
  kind    text        NOT NULL CHECK (kind IN ('video', 'audio', 'document')),
  file_id text        NOT NULL,
  sent_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (bot_id, hash)
);
CREATE INDEX sent_file_age ON evenkeel.sent_file (sent_at);

-- Down Migration

DROP TABLE evenkeel.sent_file;
DROP TABLE evenkeel.download;
