-- Up Migration

-- When all that a provider beside Telegram says was last looked at, and what came of it, in cents of a US dollar.
CREATE TABLE evenkeel.till (
  bot_id      bigint      NOT NULL,
  provider    text        NOT NULL CHECK (provider IN ('cryptoPay', 'nowPayments')),
  since       timestamptz NOT NULL DEFAULT now(),
  -- Null: it never was, whole.
  complete_at timestamptz,
  -- What our payments say that came, what the provider says, and what of the difference a person has before them.
  expected    bigint      NOT NULL DEFAULT 0,
  found       bigint      NOT NULL DEFAULT 0,
  explained   bigint      NOT NULL DEFAULT 0,
  PRIMARY KEY (bot_id, provider)
) WITH (fillfactor = 80);

-- Left unchecked by 0020, so that its lock was short: these read the table, and let everybody go on.
ALTER TABLE evenkeel.payment VALIDATE CONSTRAINT payment_provider_check;
ALTER TABLE evenkeel.payment VALIDATE CONSTRAINT payment_found_by_check;

-- Down Migration

DROP TABLE evenkeel.till;
