-- Albums: several messages that belong together become one turn while it waits.

ALTER TABLE turns ADD COLUMN album TEXT;        -- the platform's name for what belongs together
CREATE INDEX turns_album ON turns (channel, album) WHERE album IS NOT NULL AND finished IS NULL;

-- Every message of an album, so that each is taken in once; a message alone is known by its turn.
CREATE TABLE parts (
    channel TEXT NOT NULL,
    message_id TEXT NOT NULL,
    turn BIGINT NOT NULL REFERENCES turns (id),
    message TEXT NOT NULL,                      -- JSON; the turn's message is made of those of all its parts
    PRIMARY KEY (channel, message_id)
);
CREATE INDEX parts_of ON parts (turn);
