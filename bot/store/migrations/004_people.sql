-- People: answers given again, who may talk to the bot, codes that link places, what answers took, and what is deleted.

-- All answers to a turn, the original one first, once there are several; the turn itself holds the one that is shown.
CREATE TABLE versions (
    turn BIGINT NOT NULL REFERENCES turns (id),
    n INTEGER NOT NULL,
    text TEXT NOT NULL,
    model TEXT NOT NULL,
    error TEXT,
    brought_by BIGINT NOT NULL,                 -- the turn that asked again; for the original the turn itself
    PRIMARY KEY (turn, n)
);
CREATE UNIQUE INDEX versions_once ON versions (turn, brought_by);
ALTER TABLE turns ADD COLUMN again_of BIGINT;   -- the older turn that this one brought another answer for

-- Only the hash of a code is kept, and one code for each purpose and subject.
CREATE TABLE codes (
    purpose TEXT NOT NULL,
    subject TEXT NOT NULL,
    hash TEXT NOT NULL,
    expires DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (purpose, subject)
);

CREATE TABLE access (
    subject TEXT PRIMARY KEY,                   -- telegram:42
    allowed BOOLEAN NOT NULL
);

-- What each answer of a model took. It names no words and outlives its turn.
CREATE TABLE spending (
    turn BIGINT NOT NULL,
    lane INTEGER NOT NULL,                      -- answers side by side
    at DOUBLE PRECISION NOT NULL,
    day TEXT NOT NULL,                          -- of `at`, in UTC
    platform TEXT NOT NULL,
    channel TEXT NOT NULL,
    author TEXT NOT NULL,                       -- platform:id
    model TEXT NOT NULL,
    credits BIGINT,
    input_tokens BIGINT,
    output_tokens BIGINT,
    dollars DOUBLE PRECISION,
    PRIMARY KEY (turn, lane)
);
-- They hold all that limits add up, so that nobody has to look at the rows themselves.
CREATE INDEX spending_of_author ON spending (author, at, turn, credits, dollars);
CREATE INDEX spending_in_channel ON spending (channel, at, turn, credits, dollars);
CREATE INDEX spending_since ON spending (at, turn, credits, dollars);

CREATE INDEX turns_in_work ON turns (conversation, id) WHERE holder IS NOT NULL AND finished IS NULL;
CREATE INDEX turns_expired ON turns (finished) WHERE finished IS NOT NULL;
CREATE INDEX posts_known ON posts (channel, post);

-- The highest number that a turn ever had before some were deleted, for the database that would give it out again.
CREATE TABLE turn_numbers (last BIGINT NOT NULL);
INSERT INTO turn_numbers (last) VALUES (0);
