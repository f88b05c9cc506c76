-- Up Migration

-- A picture or a video that somebody has ordered for credits, from the order to its end; one under way a person. Its
-- credits are held by the reserve `render:<id>`. What changes it locks its row first, and accounts after it.
CREATE TABLE evenkeel.render (
  id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  bot_id       bigint      NOT NULL,
  user_id      bigint      NOT NULL,
  kind         text        NOT NULL CHECK (kind IN ('image', 'video')),
  -- What is rendered for it now: of a video that failed perhaps a picture, which costs what a picture costs.
  makes        text        NOT NULL CHECK (makes IN ('image', 'video')),
  -- Null: it is over, or its person wants it forgotten.
  prompt       text,
  price        bigint      NOT NULL CHECK (price > 0),
  -- wanted (there are too few credits) → ordered → submitting → submitted → rendered → delivering → delivered. `submitting`
  -- is committed before the request leaves, `delivering` before the upload does: who is killed from there on leaves one of
  -- which nobody knows. It is not begun again.
  state        text        NOT NULL CHECK (state IN ('wanted', 'ordered', 'submitting', 'submitted', 'rendered', 'delivering', 'delivered', 'failed', 'cancelled')),
  -- Renders begun for it: more than one where the provider says that the one before has failed.
  tries        smallint    NOT NULL DEFAULT 0,
  -- The provider's number of the last one.
  task         text,
  -- Looks at it that were taken; which of two is the next one.
  looks        int         NOT NULL DEFAULT 0,
  -- Looks in a row in which the provider did not know it.
  missed       smallint    NOT NULL DEFAULT 0,
  percent      smallint    NOT NULL DEFAULT 0,
  -- Where the result lies, for a while.
  result       text,
  -- How often it has left for Telegram, or may have.
  deliveries   smallint    NOT NULL DEFAULT 0,
  -- Why it ended without a result.
  reason       text,
  -- When somebody could agree to it for the last time, or when it has to be ready.
  deadline_at  timestamptz NOT NULL,
  ordered_at   timestamptz NOT NULL DEFAULT now(),
  submitted_at timestamptz,
  ended_at     timestamptz,
  CHECK ((ended_at IS NOT NULL) = (state IN ('delivered', 'failed', 'cancelled')))
) WITH (fillfactor = 70);
-- One under way a person, however many are ordered at once.
CREATE UNIQUE INDEX render_one ON evenkeel.render (bot_id, user_id)
  WHERE state IN ('ordered', 'submitting', 'submitted', 'rendered', 'delivering');
-- Those under way: how many, and which of them are late.
CREATE INDEX render_open ON evenkeel.render (bot_id, deadline_at) WHERE ended_at IS NULL;
CREATE INDEX render_submitted ON evenkeel.render (bot_id, submitted_at) WHERE submitted_at IS NOT NULL;
CREATE INDEX render_person ON evenkeel.render (bot_id, user_id, id);
CREATE INDEX render_ended ON evenkeel.render (ended_at) WHERE ended_at IS NOT NULL;

-- Down Migration

DROP TABLE evenkeel.render;
