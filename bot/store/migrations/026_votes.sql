-- What people thought of compared answers: one row for each answer of a comparison that a person voted on. It goes with
-- the turn of the comparison.

CREATE TABLE votes (
    turn BIGINT NOT NULL REFERENCES turns (id),
    person TEXT NOT NULL,                       -- as platform:id
    lane INTEGER NOT NULL,
    model TEXT NOT NULL,
    won INTEGER NOT NULL,                       -- 1: it is among the best; 0: it is not
    kind TEXT NOT NULL,                         -- of the question: text, count, place, colours, other
    took DOUBLE PRECISION,                      -- seconds
    credits BIGINT,
    dollars DOUBLE PRECISION,
    PRIMARY KEY (turn, person, lane)
);
