-- The mark before the final dot, and one more attempt after a refusal. Dead addresses are forgotten.
ALTER TABLE replies ADD COLUMN may_arrive INTEGER NOT NULL DEFAULT 0 CHECK (may_arrive IN (0, 1));
ALTER TABLE replies ADD COLUMN refused INTEGER NOT NULL DEFAULT 0 CHECK (refused IN (0, 1));
UPDATE replies SET may_arrive = 1 WHERE state = 'claimed';  -- its process made no such mark
DROP TABLE refused;
