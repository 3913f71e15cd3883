-- What sites told, so that the same delivery is taken in once.
CREATE TABLE deliveries (
    account_id INTEGER NOT NULL,
    site_id INTEGER NOT NULL,
    key TEXT NOT NULL,
    event_id INTEGER,
    content_id INTEGER,
    received_at TEXT NOT NULL,
    PRIMARY KEY (account_id, site_id, key),
    FOREIGN KEY (account_id, site_id) REFERENCES sites (account_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX deliveries_by_age ON deliveries (received_at);

CREATE TABLE webhook_counters (
    account_id INTEGER NOT NULL,
    site_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    count INTEGER NOT NULL,
    last_at TEXT NOT NULL,
    note TEXT,
    PRIMARY KEY (account_id, site_id, kind),
    FOREIGN KEY (account_id, site_id) REFERENCES sites (account_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE site_sequences (
    account_id INTEGER NOT NULL,
    site_id INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (account_id, site_id),
    FOREIGN KEY (account_id, site_id) REFERENCES sites (account_id, id)
) STRICT, WITHOUT ROWID;

-- What a plugin has said and done with one key.
CREATE TABLE site_key_uses (
    account_id INTEGER NOT NULL,
    site_id INTEGER NOT NULL,
    key_id INTEGER NOT NULL,
    signs_since TEXT,
    onboarded_at TEXT,
    PRIMARY KEY (account_id, site_id, key_id),
    FOREIGN KEY (account_id, site_id) REFERENCES sites (account_id, id)
) STRICT, WITHOUT ROWID;

-- Posts that are to be read once more, by themselves.
CREATE TABLE pulls (
    account_id INTEGER NOT NULL,
    site_id INTEGER NOT NULL,
    integration_id INTEGER NOT NULL,
    external_id TEXT NOT NULL,
    content_type TEXT NOT NULL,
    wanted_at TEXT NOT NULL,
    tries INTEGER NOT NULL,
    due_at TEXT NOT NULL,
    held_until TEXT,
    PRIMARY KEY (account_id, integration_id, external_id),
    FOREIGN KEY (account_id, integration_id) REFERENCES integrations (account_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX pulls_due ON pulls (due_at);
