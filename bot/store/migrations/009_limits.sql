-- Limits that hold in parallel: what is set aside for questions that are being answered, and who is waiting for answers.

-- It counts while its turn is unfinished, and goes when what was really spent is booked.
CREATE TABLE reservations (
    turn BIGINT NOT NULL REFERENCES turns (id),
    lane INTEGER NOT NULL,                      -- as in spending
    channel TEXT NOT NULL,
    author TEXT NOT NULL,                       -- platform:id
    credits BIGINT,                             -- an estimate; NULL, also in dollars: no price of the model is known
    dollars DOUBLE PRECISION,
    PRIMARY KEY (turn, lane)
);
CREATE INDEX reservations_of_author ON reservations (author);
CREATE INDEX reservations_in_channel ON reservations (channel);

CREATE INDEX spending_of_model ON spending (model, at, credits, dollars);  -- what its latest answers cost

ALTER TABLE turns ADD COLUMN author TEXT NOT NULL DEFAULT '';  -- platform:id; empty: from before this migration
CREATE INDEX turns_of_author ON turns (author) WHERE finished IS NULL;
DROP INDEX turns_held;
-- How many of whose turns a process works on. Not those that wait: who looks for these must come upon the oldest first.
CREATE INDEX turns_held ON turns (holder, author) WHERE holder IS NOT NULL AND finished IS NULL;
