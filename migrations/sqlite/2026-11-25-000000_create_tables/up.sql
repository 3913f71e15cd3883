-- Instants are RFC 3339 text of one width, in UTC to the microsecond, so that they sort as text.
-- JSON is text. Ids are never used again, also after a deletion (AUTOINCREMENT).

CREATE TABLE accounts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    is_active INTEGER NOT NULL,
    conflict_policy TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;

CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    role TEXT NOT NULL,
    is_active INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (account_id, id),
    UNIQUE (account_id, email_key)
) STRICT;

CREATE TABLE sites (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    name_search TEXT NOT NULL,
    url TEXT NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (account_id, id)
) STRICT;
CREATE INDEX sites_by_url ON sites (account_id, url, id);

CREATE TABLE memberships (
    account_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    site_id INTEGER NOT NULL,
    PRIMARY KEY (account_id, user_id, site_id),
    FOREIGN KEY (account_id, user_id) REFERENCES users (account_id, id),
    FOREIGN KEY (account_id, site_id) REFERENCES sites (account_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE site_keys (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL,
    site_id INTEGER NOT NULL,
    hash BLOB NOT NULL UNIQUE,
    created_at TEXT NOT NULL,
    expires_at TEXT,
    FOREIGN KEY (account_id, site_id) REFERENCES sites (account_id, id)
) STRICT;
CREATE INDEX site_keys_by_site ON site_keys (account_id, site_id);

CREATE TABLE webhook_secrets (
    account_id INTEGER NOT NULL,
    site_id INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT,
    sealed BLOB NOT NULL,
    PRIMARY KEY (account_id, site_id, created_at),
    FOREIGN KEY (account_id, site_id) REFERENCES sites (account_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE integrations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL,
    site_id INTEGER NOT NULL,
    platform TEXT NOT NULL,
    site_url TEXT NOT NULL,
    site_url_search TEXT NOT NULL,
    credentials BLOB NOT NULL,
    is_active INTEGER NOT NULL,
    sync_enabled INTEGER NOT NULL,
    conflict_policy TEXT NOT NULL,
    sync_status TEXT NOT NULL,
    run_status TEXT NOT NULL,
    sync_error TEXT,
    last_sync_at TEXT,
    next_sync_at TEXT,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    structure TEXT,
    memory TEXT NOT NULL,
    platform_state TEXT NOT NULL,
    UNIQUE (account_id, id),
    UNIQUE (account_id, site_id, platform),
    FOREIGN KEY (account_id, site_id) REFERENCES sites (account_id, id)
) STRICT;
CREATE INDEX integrations_due ON integrations (next_sync_at) WHERE is_active AND sync_enabled;

CREATE TABLE contents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL,
    site_id INTEGER NOT NULL,
    content_type TEXT NOT NULL,
    title TEXT NOT NULL,
    title_search TEXT NOT NULL,
    slug TEXT NOT NULL,
    slug_search TEXT NOT NULL,
    status TEXT NOT NULL,
    publish_at TEXT,
    featured_image_url TEXT,
    deleted_at TEXT,
    pull_wanted INTEGER NOT NULL,
    sync_state TEXT NOT NULL,
    failure TEXT,
    failure_parked INTEGER NOT NULL,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    -- the post that it is
    link_integration_id INTEGER,
    external_id TEXT,
    external_url TEXT,
    external_status TEXT,
    external_modified_at TEXT,
    external_sequence INTEGER,
    external_version TEXT,
    -- the post that it was
    former_identity TEXT,
    former_integration_id INTEGER,
    former_external_id TEXT,
    former_external_url TEXT,
    former_external_status TEXT,
    former_external_modified_at TEXT,
    former_external_sequence INTEGER,
    former_external_version TEXT,
    -- what can be large comes last: SQLite reads a row from its beginning
    terms TEXT NOT NULL,
    seo TEXT NOT NULL,
    excerpt TEXT NOT NULL,
    html TEXT NOT NULL,
    base TEXT,
    former_base TEXT,
    intent TEXT,
    conflict TEXT,
    FOREIGN KEY (account_id, site_id) REFERENCES sites (account_id, id),
    FOREIGN KEY (account_id, link_integration_id) REFERENCES integrations (account_id, id)
) STRICT;
CREATE UNIQUE INDEX contents_one_for_each_post ON contents (account_id, link_integration_id, external_id)
    WHERE link_integration_id IS NOT NULL;
CREATE INDEX contents_by_account ON contents (account_id, id);
CREATE INDEX contents_by_site ON contents (account_id, site_id, id);
CREATE INDEX contents_by_state ON contents (account_id, site_id, sync_state, id);
CREATE INDEX contents_by_type ON contents (account_id, link_integration_id, content_type, id)
    WHERE link_integration_id IS NOT NULL;
CREATE INDEX contents_by_post ON contents (account_id, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX contents_by_former_post ON contents (account_id, site_id, former_identity, former_external_id)
    WHERE former_identity IS NOT NULL;

CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL,
    site_id INTEGER NOT NULL,
    integration_id INTEGER NOT NULL,
    direction TEXT NOT NULL,
    triggered_by TEXT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id INTEGER,
    options TEXT NOT NULL,
    dry_run INTEGER NOT NULL,
    status TEXT NOT NULL,
    -- queued or running
    active INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    next_attempt_at TEXT,
    cancel_requested INTEGER NOT NULL,
    lease_owner TEXT,
    lease_until TEXT,
    fence INTEGER NOT NULL,
    queued_at TEXT NOT NULL,
    started_at TEXT,
    finished_at TEXT,
    progress TEXT NOT NULL,
    error TEXT,
    plan_count INTEGER NOT NULL,
    checkpoint TEXT NOT NULL,
    plan TEXT NOT NULL,
    FOREIGN KEY (account_id, integration_id) REFERENCES integrations (account_id, id)
) STRICT;
CREATE UNIQUE INDEX runs_one_active ON runs (account_id, integration_id)
    WHERE active AND NOT dry_run;
CREATE INDEX runs_by_integration ON runs (account_id, integration_id, id);
CREATE INDEX runs_to_claim ON runs (queued_at) WHERE active;

-- No foreign keys: the line that says that an integration was deleted outlives it.
CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL,
    site_id INTEGER NOT NULL,
    integration_id INTEGER NOT NULL,
    event_type TEXT NOT NULL,
    action TEXT NOT NULL,
    success INTEGER NOT NULL,
    content_id INTEGER,
    external_id TEXT,
    run_id INTEGER,
    actor_kind TEXT NOT NULL,
    actor_id INTEGER,
    error_code TEXT,
    error_message TEXT,
    duration_ms INTEGER,
    created_at TEXT NOT NULL,
    details TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_integration ON events (account_id, integration_id, id);
CREATE INDEX events_by_content ON events (account_id, content_id, id) WHERE content_id IS NOT NULL;
CREATE INDEX events_by_run ON events (account_id, run_id, id) WHERE run_id IS NOT NULL;
