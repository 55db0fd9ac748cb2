-- What was made for people: pictures and sound. It outlives a crash between making and showing, and is shown again.
CREATE TABLE made (
    turn BIGINT NOT NULL REFERENCES turns (id),
    n INTEGER NOT NULL,
    name TEXT NOT NULL,
    mime TEXT NOT NULL,
    about TEXT NOT NULL,                        -- what it shows, in words
    data BYTEA NOT NULL,
    at DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (turn, n)
);
CREATE INDEX made_at ON made (at);
