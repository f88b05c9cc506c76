-- Up Migration

-- What somebody wants to buy, as it was offered: later changes of prices do not touch it. Its id is the payload of the
-- invoice. It may be paid more than once, and by others: what was paid is a payment each time.
CREATE TABLE evenkeel.purchase (
  bot_id     bigint      NOT NULL,
  id         text        NOT NULL,
  user_id    bigint      NOT NULL,
  package    text        NOT NULL,
  credits    bigint      NOT NULL CHECK (credits > 0),
  currency   text        NOT NULL,
  price      bigint      NOT NULL CHECK (price > 0),
  paid       integer     NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (bot_id, id)
) WITH (fillfactor = 80);
CREATE INDEX purchase_open ON evenkeel.purchase (bot_id, created_at) WHERE paid = 0;

-- What was paid, once for each charge of the provider; `number` is that of the receipt.
CREATE TABLE evenkeel.payment (
  bot_id      bigint      NOT NULL,
  provider    text        NOT NULL CHECK (provider IN ('stars')),
  charge      text        NOT NULL,
  number      bigint      GENERATED ALWAYS AS IDENTITY UNIQUE,
  -- Who paid; not always who ordered.
  user_id     bigint      NOT NULL,
  purchase    text,
  payload     text        NOT NULL,
  currency    text        NOT NULL,
  amount      bigint      NOT NULL,
  credits     bigint      NOT NULL DEFAULT 0,
  -- parked: its value is not known, and a person decides. refunding: we have asked for the money to go back.
  state       text        NOT NULL CHECK (state IN ('credited', 'parked', 'refunding', 'refunded', 'taken-back')),
  -- Paid by somebody else than the order was made for.
  is_foreign  boolean     NOT NULL DEFAULT false,
  found_by    text        NOT NULL CHECK (found_by IN ('update', 'reconciliation')),
  -- The update that brought it.
  update_id   bigint,
  refund_by   text,
  refund_reason text,
  refund_error  text,
  paid_at     timestamptz NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now(),
  changed_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (bot_id, provider, charge)
) WITH (fillfactor = 80);
CREATE INDEX payment_user ON evenkeel.payment (bot_id, user_id, number DESC);
CREATE INDEX payment_unsettled ON evenkeel.payment (bot_id, changed_at) WHERE state IN ('parked', 'refunding');

-- Telegram's own books: every transaction of Stars as it lists them, oldest first. A refund has the id of its payment.
CREATE TABLE evenkeel.star_transaction (
  bot_id    bigint      NOT NULL,
  id        text        NOT NULL,
  direction text        NOT NULL CHECK (direction IN ('in', 'out')),
  -- What its partner is, in Telegram's words; what no release knows is kept and counted all the same.
  kind      text        NOT NULL,
  user_id   bigint,
  payload   text,
  amount    bigint      NOT NULL,
  nanos     integer     NOT NULL DEFAULT 0,
  at        timestamptz NOT NULL,
  seen_at   timestamptz NOT NULL DEFAULT now(),
  -- Null: not booked yet, or nothing that is booked.
  booked_at timestamptz,
  PRIMARY KEY (bot_id, id, direction)
) WITH (fillfactor = 80);
CREATE INDEX star_transaction_unbooked ON evenkeel.star_transaction (bot_id, at) WHERE booked_at IS NULL;

-- How far they have been read.
CREATE TABLE evenkeel.star_cursor (
  bot_id      bigint      PRIMARY KEY,
  position    bigint      NOT NULL DEFAULT 0,
  -- When all of them had been read and booked.
  complete_at timestamptz
);

-- Down Migration

DROP TABLE evenkeel.star_cursor, evenkeel.star_transaction, evenkeel.payment, evenkeel.purchase;
