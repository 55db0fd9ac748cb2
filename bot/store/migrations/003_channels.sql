-- Channels: what people chose for each of them, and how far the bot has heard what is said there.

CREATE TABLE channel_settings (
    channel TEXT PRIMARY KEY,
    settings TEXT NOT NULL                      -- JSON
);

CREATE TABLE heard (
    channel TEXT PRIMARY KEY,
    message_id TEXT NOT NULL                    -- of the last message
);

-- A part of an album that was deleted while it waited stays known, so that it is not taken in again.
ALTER TABLE parts ADD COLUMN withdrawn BOOLEAN NOT NULL DEFAULT FALSE;
