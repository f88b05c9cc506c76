-- Up Migration

-- Where a conversation across several messages stands: one a chat, written in the transaction of what a step does.
CREATE TABLE evenkeel.dialog (
  bot_id     bigint      NOT NULL,
  chat_id    bigint      NOT NULL,
  -- Whose it is; nobody else's message is a step of it.
  user_id    bigint      NOT NULL,
  kind       text        NOT NULL,
  -- Of the shape of its state: what another release wrote is not read.
  version    int         NOT NULL,
  -- json, not jsonb: jsonb refuses \u0000 and lone surrogates, which a person may type.
  state      json        NOT NULL,
  -- The update of the last step: run again, it finds what it did.
  stepped_by bigint,
  -- An ended one is kept until it expires, for that update.
  ended      boolean     NOT NULL DEFAULT false,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (bot_id, chat_id)
);
CREATE INDEX dialog_age ON evenkeel.dialog (expires_at);

-- A question with buttons that is answered once, by the one whom it was put to: the token is in the buttons' data.
CREATE TABLE evenkeel.tap (
  token      text        PRIMARY KEY,
  bot_id     bigint      NOT NULL,
  user_id    bigint      NOT NULL,
  action     text        NOT NULL,
  -- What it follows from: asked again by the same update, it is the same question.
  cause      text        NOT NULL,
  input      json        NOT NULL,
  expires_at timestamptz NOT NULL,
  -- The update that answered it, what was chosen, and what came of it.
  used_by    bigint,
  choice     text,
  result     json,
  UNIQUE (bot_id, cause)
);
CREATE INDEX tap_age ON evenkeel.tap (expires_at);
CREATE INDEX tap_person ON evenkeel.tap (bot_id, user_id);

-- Down Migration

DROP TABLE evenkeel.tap, evenkeel.dialog;
