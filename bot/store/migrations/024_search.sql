-- The words of finished turns and their photos, folded, so that /find needs to look at nothing else. They are derived
-- from the turns: they are written when somebody searches, and deleted with their turn.

CREATE TABLE searchable (
    conversation BIGINT NOT NULL,
    turn BIGINT NOT NULL REFERENCES turns (id),
    number INTEGER NOT NULL,                    -- of a photo or document that the turn showed first; 0: it showed none
    sent DOUBLE PRECISION NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (turn, number)
);
CREATE INDEX searchable_of ON searchable (conversation);

ALTER TABLE conversations ADD COLUMN searched_to BIGINT NOT NULL DEFAULT 0;  -- the last turn that is in it
