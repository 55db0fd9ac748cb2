-- Pointers to photos that nobody has asked about yet: for ten minutes, "the photo above" can be found by them.

CREATE TABLE pointers (
    channel TEXT NOT NULL,
    message_id TEXT NOT NULL,
    author TEXT NOT NULL,                       -- the platform's id
    name TEXT NOT NULL,                         -- of the author
    sent DOUBLE PRECISION NOT NULL,             -- by the platform's clock
    kept DOUBLE PRECISION NOT NULL,             -- by ours, when it arrived
    album TEXT,                                 -- as in turns
    files TEXT NOT NULL,                        -- JSON: the platform's handles, no words
    PRIMARY KEY (channel, message_id)
);
CREATE INDEX pointers_kept ON pointers (kept);

ALTER TABLE photos ADD COLUMN is_spoiler BOOLEAN NOT NULL DEFAULT FALSE;  -- only for those who choose to see it
ALTER TABLE photos ADD COLUMN shown BIGINT;  -- the turn that showed it last; NULL: the first one
