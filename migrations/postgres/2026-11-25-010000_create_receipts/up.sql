-- What was done for whom under which idempotency key.
CREATE TABLE receipts (
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    sender TEXT NOT NULL,
    path TEXT NOT NULL,
    key TEXT NOT NULL,
    body_hash BYTEA NOT NULL,
    -- none only inside the transaction that does it
    result BIGINT,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (account_id, sender, path, key)
);
CREATE INDEX receipts_by_age ON receipts (account_id, created_at);
