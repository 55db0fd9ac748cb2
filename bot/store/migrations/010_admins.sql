-- Admins of the bot who claimed it: a start without BOT_ADMINS prints a code for that.

ALTER TABLE access ADD COLUMN is_admin BOOLEAN NOT NULL DEFAULT FALSE;
