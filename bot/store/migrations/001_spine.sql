-- The spine: who talks where (channels), what is remembered (conversations), what is asked and answered (turns),
-- which posts show it (posts), and which photos a provider already holds (assets).
-- {id} is the only type that SQLite and PostgreSQL spell differently. Times are seconds since 1970.

CREATE TABLE conversations (
    id {id},
    model TEXT NOT NULL,                        -- provider/model
    remote_id TEXT,                             -- the provider's own name for it (1min.ai: a UUID)
    preferences TEXT NOT NULL DEFAULT '{{}}',   -- JSON
    active DOUBLE PRECISION NOT NULL            -- when it was last written to; also the row that writers lock first
);

-- The conversation map: channel -> conversation -> the provider's UUID. Linked channels share a conversation.
CREATE TABLE channels (
    channel TEXT PRIMARY KEY,
    conversation BIGINT NOT NULL REFERENCES conversations (id)
);
CREATE INDEX channels_of ON channels (conversation);

CREATE TABLE turns (
    id {id},
    conversation BIGINT NOT NULL REFERENCES conversations (id),
    channel TEXT NOT NULL,
    message_id TEXT NOT NULL,
    message TEXT NOT NULL,                      -- JSON
    added DOUBLE PRECISION NOT NULL,
    leads BOOLEAN NOT NULL,                     -- first in the line of its conversation: the only one to be claimed
    due DOUBLE PRECISION NOT NULL,              -- not before this moment; while it is held, the end of the lease
    holder TEXT,                                -- the process that works on it
    claims INTEGER NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,
    answer TEXT,                                -- as it is shown; stored before it is delivered
    error TEXT,
    finished DOUBLE PRECISION,                  -- off the queue
    model TEXT,                                 -- who was asked; NULL for a command
    credits BIGINT,
    input_tokens BIGINT,
    output_tokens BIGINT,
    first_words DOUBLE PRECISION,               -- seconds after it was taken up
    took DOUBLE PRECISION,
    UNIQUE (channel, message_id)
);
-- The database itself forbids a second turn in work: only a turn that leads is claimed, and one leads.
CREATE UNIQUE INDEX turns_one_leads ON turns (conversation) WHERE leads AND finished IS NULL;
CREATE INDEX turns_ripe ON turns (due) WHERE leads AND finished IS NULL;
CREATE INDEX turns_line ON turns (conversation, id) WHERE finished IS NULL;
CREATE INDEX turns_held ON turns (holder) WHERE finished IS NULL;
CREATE INDEX turns_history ON turns (conversation, id);

CREATE TABLE posts (
    turn BIGINT NOT NULL REFERENCES turns (id),
    channel TEXT NOT NULL,
    n INTEGER NOT NULL,
    post TEXT NOT NULL,
    PRIMARY KEY (turn, channel, n)
);

CREATE TABLE assets (
    provider TEXT NOT NULL,
    account TEXT NOT NULL,                      -- a hash of the key
    sha256 TEXT NOT NULL,                       -- of the photo as it was uploaded
    asset TEXT NOT NULL,                        -- the provider's key for it
    kept DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (provider, account, sha256)
);
