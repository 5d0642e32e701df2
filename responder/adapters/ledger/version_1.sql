-- The first schema. No STRICT tables and no RETURNING: long-lived distributions ship SQLite 3.34.
CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE cursors (
    folder BLOB PRIMARY KEY,
    uid_validity INTEGER NOT NULL CHECK (uid_validity BETWEEN 1 AND 4294967295),
    last_uid INTEGER NOT NULL CHECK (last_uid BETWEEN 0 AND 4294967295),
    latest_received_at INTEGER
) WITHOUT ROWID;
CREATE TABLE replies (
    id INTEGER PRIMARY KEY,
    mailbox BLOB NOT NULL,
    folder BLOB NOT NULL,
    uid_validity INTEGER NOT NULL CHECK (uid_validity BETWEEN 1 AND 4294967295),
    uid INTEGER NOT NULL CHECK (uid BETWEEN 1 AND 4294967295),
    state TEXT NOT NULL CHECK (state IN ('due', 'claimed', 'sent', 'failed', 'unknown', 'withdrawn')),
    uncertain INTEGER NOT NULL DEFAULT 0 CHECK (uncertain IN (0, 1)),
    received_at INTEGER NOT NULL,
    not_before INTEGER NOT NULL,
    message BLOB NOT NULL,
    correspondent BLOB,
    claimed_at INTEGER,
    settled_at INTEGER,
    reason TEXT,
    CHECK (uncertain = 0 OR state NOT IN ('failed', 'withdrawn')),
    CHECK ((uncertain = 0 AND state NOT IN ('claimed', 'sent', 'unknown'))
           OR (correspondent IS NOT NULL AND claimed_at IS NOT NULL)),
    CHECK ((settled_at IS NULL) = (state IN ('due', 'claimed')))
);
-- A server that breaks its word may use a UID again: only what is still open must be alone under its key.
CREATE UNIQUE INDEX replies_open ON replies (folder, uid_validity, uid) WHERE state IN ('due', 'claimed');
CREATE INDEX replies_key ON replies (folder, uid_validity, uid);
CREATE INDEX replies_correspondent ON replies (correspondent) WHERE correspondent IS NOT NULL;
