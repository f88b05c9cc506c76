-- Up Migration

ALTER TABLE evenkeel.star_cursor
  ADD COLUMN since timestamptz NOT NULL DEFAULT now(),
  -- Found by the last reconciliation: whether Telegram's list and ours differ, and users whose credits are not what was moved.
  ADD COLUMN differs boolean NOT NULL DEFAULT false,
  ADD COLUMN ledger_wrong integer NOT NULL DEFAULT 0,
  -- Movements up to this one have been checked.
  ADD COLUMN ledger_checked bigint NOT NULL DEFAULT 0;

CREATE INDEX payment_taken_back ON evenkeel.payment (bot_id, changed_at) WHERE state = 'taken-back';
CREATE INDEX payment_not_refunded ON evenkeel.payment (bot_id) WHERE refund_error IS NOT NULL;

-- Down Migration

DROP INDEX evenkeel.payment_not_refunded, evenkeel.payment_taken_back;
ALTER TABLE evenkeel.star_cursor DROP COLUMN since, DROP COLUMN differs, DROP COLUMN ledger_wrong, DROP COLUMN ledger_checked;
