-- Up Migration

-- What an answer of the chat is charged by, from its question to its end: one of a day's free ones, or credits that are held
-- by the reserve `chat:<update_id>`. Not written where nobody pays for answers.
CREATE TABLE evenkeel.answer (
  bot_id     bigint      NOT NULL,
  update_id  bigint      NOT NULL,
  user_id    bigint      NOT NULL,
  -- Of this clock, UTC: the day whose free answers it is counted with.
  day        date        NOT NULL DEFAULT (now() AT TIME ZONE 'utc')::date,
  free       boolean     NOT NULL,
  -- Credits held for it, where it is not free: the most that it can cost.
  held       bigint      CHECK (held > 0),
  -- Credits that it costs; null as long as there is no answer.
  price      bigint      CHECK (price >= 0),
  -- Whether the provider has counted what it took; else it is charged by what has arrived.
  counted    boolean     NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (bot_id, update_id),
  CHECK (free = (held IS NULL)),
  CHECK (price <= held)
);
-- How many of a day's free ones somebody has had, and how many there are of a person.
CREATE INDEX answer_person ON evenkeel.answer (bot_id, user_id, day);
CREATE INDEX answer_age ON evenkeel.answer (created_at);

-- Down Migration

DROP TABLE evenkeel.answer;
