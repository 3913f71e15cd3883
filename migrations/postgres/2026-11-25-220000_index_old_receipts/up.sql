-- Requests that can't come again under their key are looked for by their age, over all accounts.
DROP INDEX receipts_by_age;
CREATE INDEX receipts_by_age ON receipts (created_at);
