-- What sites told, so that the same delivery is taken in once.
CREATE TABLE deliveries (
    account_id BIGINT NOT NULL,
    site_id BIGINT NOT NULL,
    key TEXT NOT NULL,
    event_id BIGINT,
    content_id BIGINT,
    received_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (account_id, site_id, key),
    FOREIGN KEY (account_id, site_id) REFERENCES sites (account_id, id)
);
CREATE INDEX deliveries_by_age ON deliveries (received_at);

CREATE TABLE webhook_counters (
    account_id BIGINT NOT NULL,
    site_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    count BIGINT NOT NULL,
    last_at TIMESTAMPTZ NOT NULL,
    note TEXT,
    PRIMARY KEY (account_id, site_id, kind),
    FOREIGN KEY (account_id, site_id) REFERENCES sites (account_id, id)
);

CREATE TABLE site_sequences (
    account_id BIGINT NOT NULL,
    site_id BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    PRIMARY KEY (account_id, site_id),
    FOREIGN KEY (account_id, site_id) REFERENCES sites (account_id, id)
);

-- What a plugin has said and done with one key.
CREATE TABLE site_key_uses (
    account_id BIGINT NOT NULL,
    site_id BIGINT NOT NULL,
    key_id BIGINT NOT NULL,
    signs_since TIMESTAMPTZ,
    onboarded_at TIMESTAMPTZ,
    PRIMARY KEY (account_id, site_id, key_id),
    FOREIGN KEY (account_id, site_id) REFERENCES sites (account_id, id)
);

-- Posts that are to be read once more, by themselves.
CREATE TABLE pulls (
    account_id BIGINT NOT NULL,
    site_id BIGINT NOT NULL,
    integration_id BIGINT NOT NULL,
    external_id TEXT NOT NULL,
    content_type TEXT NOT NULL,
    wanted_at TIMESTAMPTZ NOT NULL,
    tries BIGINT NOT NULL,
    due_at TIMESTAMPTZ NOT NULL,
    held_until TIMESTAMPTZ,
    PRIMARY KEY (account_id, integration_id, external_id),
    FOREIGN KEY (account_id, integration_id) REFERENCES integrations (account_id, id) ON DELETE CASCADE
);
CREATE INDEX pulls_due ON pulls (due_at);
