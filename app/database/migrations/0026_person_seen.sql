-- Up Migration

-- When somebody wrote last, by the day (UTC), and what Telegram called them then: written once a day and person, never
-- for each message. Who has not written since this migration has neither.
ALTER TABLE evenkeel.person
  ADD COLUMN seen_on date,
  ADD COLUMN username text;

-- Down Migration

ALTER TABLE evenkeel.person DROP COLUMN seen_on, DROP COLUMN username;
