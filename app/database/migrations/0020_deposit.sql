-- Up Migration

-- What a provider of payments outside of Telegram expects, or has got, under its own id: what is watched until it is over.
CREATE TABLE evenkeel.deposit (
  bot_id     bigint      NOT NULL,
  provider   text        NOT NULL CHECK (provider IN ('cryptoPay', 'nowPayments')),
  id         text        NOT NULL,
  -- Null: of no order that is known here.
  purchase   text,
  -- Of a further payment to one address: the first.
  parent     text,
  -- The provider's word, as it was heard last.
  status     text        NOT NULL,
  -- It may still change.
  open       boolean     NOT NULL,
  -- Where somebody pays, as the provider gave it.
  bill       jsonb,
  created_at timestamptz NOT NULL DEFAULT now(),
  looked_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (bot_id, provider, id)
) WITH (fillfactor = 80);
CREATE INDEX deposit_open ON evenkeel.deposit (bot_id, provider, created_at) WHERE open;
CREATE INDEX deposit_created ON evenkeel.deposit (bot_id, provider, created_at);
CREATE INDEX deposit_purchase ON evenkeel.deposit (bot_id, purchase);

-- What providers have told, byte by byte, for as long as somebody may ask.
CREATE TABLE evenkeel.callback (
  bot_id      bigint      NOT NULL,
  id          bigint      NOT NULL,
  provider    text        NOT NULL,
  deposit     text,
  raw         bytea       NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (bot_id, id)
);
CREATE INDEX callback_received ON evenkeel.callback (received_at);

ALTER TABLE evenkeel.payment
  DROP CONSTRAINT payment_provider_check,
  ADD CONSTRAINT payment_provider_check CHECK (provider IN ('stars', 'cryptoPay', 'nowPayments')) NOT VALID,
  DROP CONSTRAINT payment_found_by_check,
  ADD CONSTRAINT payment_found_by_check CHECK (found_by IN ('update', 'callback', 'reconciliation')) NOT VALID,
  -- What was paid, as the provider writes it; of Stars, the amount says it.
  ADD COLUMN paid text,
  -- Why it is parked.
  ADD COLUMN note text;

-- Down Migration

ALTER TABLE evenkeel.payment DROP COLUMN paid, DROP COLUMN note;
DROP TABLE evenkeel.callback, evenkeel.deposit;
