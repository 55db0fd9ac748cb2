-- State that used to stand as marks inside texts gets fields of its own. What was stored before is converted by
-- bot/store/fields_from_text.py.

ALTER TABLE turns ADD COLUMN transcript TEXT;   -- of the recordings; NULL: nobody has listened to them yet
ALTER TABLE turns ADD COLUMN result TEXT;       -- JSON: what came of it, but for the words, which are the answer
ALTER TABLE versions ADD COLUMN result TEXT;    -- likewise
