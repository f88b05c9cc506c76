-- Up Migration

-- Who writes to the bot, in private. One row a person, written when a worker sees them for the first time or their app
-- speaks another language than before: never for each message. Who was here before has the time of this migration.
ALTER TABLE evenkeel.person
  ADD COLUMN first_seen_at timestamptz NOT NULL DEFAULT now(),
  -- What their app speaks, as Telegram says it (IETF), as long as it is not known to be anything else.
  ADD COLUMN app_language text,
  -- What they have chosen by /language; null: as their app.
  ADD COLUMN language text,
  -- When they chose last.
  ADD COLUMN language_at timestamptz;
-- Every worker knows all choices, and reads the new ones by their time.
CREATE INDEX person_language ON evenkeel.person (bot_id, language_at) WHERE language_at IS NOT NULL;

-- Down Migration

DROP INDEX evenkeel.person_language;
ALTER TABLE evenkeel.person
  DROP COLUMN first_seen_at, DROP COLUMN app_language, DROP COLUMN language, DROP COLUMN language_at;
