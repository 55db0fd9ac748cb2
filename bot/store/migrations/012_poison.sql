-- Turns over which the event loop stood still or the process died, so that one of them cannot stop the bot for good.

ALTER TABLE turns ADD COLUMN stalls INTEGER NOT NULL DEFAULT 0;        -- times the event loop stood still over it
ALTER TABLE turns ADD COLUMN stalled_in TEXT;                          -- the process of the latest one, booked once
ALTER TABLE turns ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0;       -- unclean ends of processes charged to it
ALTER TABLE turns ADD COLUMN suspect BOOLEAN NOT NULL DEFAULT FALSE;   -- was in work at such an end
ALTER TABLE turns ADD COLUMN progress INTEGER NOT NULL DEFAULT 0;      -- posts and answer stored by the latest one

CREATE INDEX turns_suspect ON turns (holder) WHERE suspect AND finished IS NULL;
CREATE INDEX turns_put_aside ON turns (finished) WHERE error = 'put_aside';
