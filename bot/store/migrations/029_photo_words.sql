-- The words that were read in a photo for /find, where people chose that; they go with the photo.

ALTER TABLE photos ADD COLUMN words TEXT NOT NULL DEFAULT '';
