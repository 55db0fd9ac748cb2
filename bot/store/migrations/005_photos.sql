-- Photos: what was shown in a conversation, so that people can come back to it by its number.

CREATE TABLE photos (
    conversation BIGINT NOT NULL REFERENCES conversations (id),
    number INTEGER NOT NULL,                    -- in the conversation, from 1
    turn BIGINT NOT NULL REFERENCES turns (id), -- that showed it first
    channel TEXT NOT NULL,                      -- where it was posted last; ref to size: how to fetch it from there
    ref TEXT NOT NULL,
    name TEXT NOT NULL,
    mime TEXT NOT NULL,                         -- this and the size are what the sender claims
    size BIGINT NOT NULL,
    sha256 TEXT NOT NULL,                       -- of the photo after intake
    description TEXT NOT NULL DEFAULT '',       -- in a few words
    spoiled BOOLEAN NOT NULL DEFAULT FALSE,     -- a provider choked on it
    UNIQUE (conversation, number),
    UNIQUE (conversation, sha256)
);
CREATE INDEX photos_of ON photos (turn);
