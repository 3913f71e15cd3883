-- What was done for whom under which idempotency key.
CREATE TABLE receipts (
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    sender TEXT NOT NULL,
    path TEXT NOT NULL,
    key TEXT NOT NULL,
    body_hash BLOB NOT NULL,
    -- none only inside the transaction that does it
    result INTEGER,
    created_at TEXT NOT NULL,
    PRIMARY KEY (account_id, sender, path, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX receipts_by_age ON receipts (account_id, created_at);
