-- The texts that were sent. What went out before has none: nobody can say any more what it was.
CREATE TABLE texts (
    fingerprint TEXT PRIMARY KEY,
    text TEXT NOT NULL,
    first_sent_at INTEGER NOT NULL,
    last_sent_at INTEGER NOT NULL
);
ALTER TABLE replies ADD COLUMN text TEXT;  -- a fingerprint; it stays when the text itself is pruned
