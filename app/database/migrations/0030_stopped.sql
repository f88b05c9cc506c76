-- Up Migration

-- Telegram takes nothing more of it: it has said that it is cancelled, or has confirmed that. Until it is paid or had again.
ALTER TABLE evenkeel.subscription ADD COLUMN stopped boolean NOT NULL DEFAULT false;

-- Down Migration

ALTER TABLE evenkeel.subscription DROP COLUMN stopped;
