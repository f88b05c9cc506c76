-- Up Migration

-- What nobody went on with is forgotten by its age. The table holds half an hour of wishes: an index on it is made at once.
CREATE INDEX intent_age ON evenkeel.intent (bot_id, expires_at);

-- Down Migration

DROP INDEX evenkeel.intent_age;
