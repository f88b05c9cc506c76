-- Up Migration

-- What a person has decided about a payment that is parked: a worker does it by the verbs of the ledger, and tells the payer.
ALTER TABLE evenkeel.payment
  ADD COLUMN link_user    bigint,
  ADD COLUMN link_credits bigint CHECK (link_credits > 0),
  ADD COLUMN link_by      text,
  ADD COLUMN link_reason  text,
  -- It stays as it is, and nobody has to look at it any more.
  ADD COLUMN dismissed_at timestamptz;
CREATE INDEX payment_linked ON evenkeel.payment (bot_id, number) WHERE state = 'parked' AND link_credits IS NOT NULL;

-- What the last reconciliation found, for who asks for one.
ALTER TABLE evenkeel.star_cursor ADD COLUMN report jsonb, ADD COLUMN reported_at timestamptz;

-- Down Migration

ALTER TABLE evenkeel.star_cursor DROP COLUMN report, DROP COLUMN reported_at;
ALTER TABLE evenkeel.payment
  DROP COLUMN link_user, DROP COLUMN link_credits, DROP COLUMN link_by, DROP COLUMN link_reason, DROP COLUMN dismissed_at;
