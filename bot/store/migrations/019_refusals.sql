-- A photo is refused by a model, not by everybody, and not for ever. The marks of earlier versions stood without proof.

ALTER TABLE photos ADD COLUMN refused_by TEXT;  -- JSON: when each model refused it while it took others
ALTER TABLE photos DROP COLUMN spoiled;
