-- Up Migration

-- Of a subscription: for how long each payment of it pays, s.
ALTER TABLE evenkeel.purchase ADD COLUMN period integer CHECK (period > 0);
-- Until when this payment of a subscription pays.
ALTER TABLE evenkeel.payment ADD COLUMN paid_until timestamptz;
ALTER TABLE evenkeel.star_transaction ADD COLUMN period integer;

-- What somebody pays again and again: the order that they began it with, and who they are, as Telegram names it.
CREATE TABLE evenkeel.subscription (
  bot_id       bigint      NOT NULL,
  purchase     text        NOT NULL,
  user_id      bigint      NOT NULL,
  -- What was bought, by its name in the posture of then.
  plan         text        NOT NULL,
  state        text        NOT NULL CHECK (state IN ('active', 'canceled', 'failed', 'ended')),
  -- Telegram names a subscription by the charge of its first payment.
  first_charge text        NOT NULL,
  paid_until   timestamptz NOT NULL,
  -- What Telegram has to be told, and has not confirmed yet.
  wish         text        CHECK (wish IN ('cancel', 'resume')),
  -- Who cancelled it. What the bot has cancelled, its user can only have again when the bot allows it.
  canceled_by  text        CHECK (canceled_by IN ('user', 'bot')),
  started_at   timestamptz NOT NULL DEFAULT now(),
  changed_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (bot_id, purchase, user_id)
) WITH (fillfactor = 80);
-- One at a time: whoever pays for a second one gets it back.
CREATE UNIQUE INDEX subscription_running ON evenkeel.subscription (bot_id, user_id) WHERE state <> 'ended';
CREATE INDEX subscription_due ON evenkeel.subscription (bot_id, paid_until) WHERE state <> 'ended';

-- Down Migration

DROP TABLE evenkeel.subscription;
ALTER TABLE evenkeel.star_transaction DROP COLUMN period;
ALTER TABLE evenkeel.payment DROP COLUMN paid_until;
ALTER TABLE evenkeel.purchase DROP COLUMN period;
