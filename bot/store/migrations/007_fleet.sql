-- A fleet: several processes on one database, which tell of themselves, share limits, and carry things for each other.

CREATE TABLE processes (
    id TEXT PRIMARY KEY,
    seen DOUBLE PRECISION NOT NULL,
    report TEXT NOT NULL                        -- JSON
);

-- What may happen so often in so many seconds, whichever process lets it happen.
CREATE TABLE gates (
    name TEXT PRIMARY KEY,
    passed TEXT NOT NULL,                       -- JSON: the moments of the latest passes, some of them yet to come
    last DOUBLE PRECISION NOT NULL              -- of these
);

-- What a platform hands out only once, to the process that hears it: files and tickets, the latter encrypted.
CREATE TABLE carried (
    key TEXT PRIMARY KEY,
    data BYTEA NOT NULL,
    at DOUBLE PRECISION NOT NULL
);
CREATE INDEX carried_at ON carried (at);

ALTER TABLE turns ADD COLUMN stopping BOOLEAN NOT NULL DEFAULT FALSE;  -- somebody wants its answer to end
