-- Rates and the never list. What went out before counts as vouched for by nothing.
ALTER TABLE replies ADD COLUMN proof TEXT NOT NULL DEFAULT 'none' CHECK (proof IN ('none', 'sender', 'form'));
ALTER TABLE replies ADD COLUMN domain BLOB;
ALTER TABLE replies ADD COLUMN held TEXT;  -- the limit that it waits for, or last waited for
CREATE TABLE never (correspondent BLOB PRIMARY KEY, added_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE refused (correspondent BLOB PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX replies_claimed ON replies (mailbox, claimed_at) WHERE claimed_at IS NOT NULL;
CREATE INDEX replies_claimed_anywhere ON replies (claimed_at) WHERE claimed_at IS NOT NULL;
CREATE INDEX replies_due ON replies (folder, not_before) WHERE state = 'due';
