-- Up Migration

-- Since when there is no key to ask this provider: what was found last stays, and is not late.
ALTER TABLE evenkeel.till ADD COLUMN keyless_since timestamptz;

-- Down Migration

ALTER TABLE evenkeel.till DROP COLUMN keyless_since;
