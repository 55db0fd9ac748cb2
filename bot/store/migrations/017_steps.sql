-- Paid steps of a turn: that one was begun, so that a crash does not pay for it again, and what came of it.

CREATE TABLE steps (
    turn BIGINT NOT NULL REFERENCES turns (id),
    step INTEGER NOT NULL,                      -- a lane of the turn, as in spending
    begun DOUBLE PRECISION NOT NULL,
    outcome TEXT,                               -- NULL: nothing came of it yet
    PRIMARY KEY (turn, step)
);
