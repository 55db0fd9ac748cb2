-- Channels whose earlier photos somebody had read for /find, and pointers to these photos. No file is kept.

CREATE TABLE imports (
    channel TEXT PRIMARY KEY,
    told TEXT NOT NULL,                         -- the channel in which it was ordered
    ordered DOUBLE PRECISION NOT NULL,
    read_to TEXT NOT NULL DEFAULT '',           -- the oldest message read so far
    messages INTEGER NOT NULL DEFAULT 0,        -- that were read
    finished BOOLEAN NOT NULL DEFAULT FALSE
);

CREATE TABLE imported (
    channel TEXT NOT NULL,
    message_id TEXT NOT NULL,
    n INTEGER NOT NULL,                         -- of the photo in its message
    server TEXT,
    author TEXT NOT NULL,
    name TEXT NOT NULL,                         -- of the author
    sent DOUBLE PRECISION NOT NULL,
    kept DOUBLE PRECISION NOT NULL,
    file TEXT NOT NULL,                         -- its handle, as JSON
    words TEXT NOT NULL,                        -- of its message
    folded TEXT NOT NULL,                       -- these with name and alt text, for the search
    PRIMARY KEY (channel, message_id, n)
);
