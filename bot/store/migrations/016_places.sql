-- What the first question of a closer look brought is kept, so that a second try does not pay for it again.

ALTER TABLE turns ADD COLUMN places TEXT;      -- JSON: the answer that names them, and what it cost
