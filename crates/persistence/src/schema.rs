//! The one schema that both databases have; `migrations/` makes it.

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Text};
    use crate::types::Instant;

    accounts (id) {
        id -> BigInt,
        name -> Text,
        is_active -> Bool,
        conflict_policy -> Text,
        created_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Text};
    use crate::types::Instant;

    users (id) {
        id -> BigInt,
        account_id -> BigInt,
        email -> Text,
        email_key -> Text,
        role -> Text,
        is_active -> Bool,
        created_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Text};
    use crate::types::Instant;

    sites (id) {
        id -> BigInt,
        account_id -> BigInt,
        name -> Text,
        name_search -> Text,
        url -> Text,
        created_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::BigInt;

    memberships (account_id, user_id, site_id) {
        account_id -> BigInt,
        user_id -> BigInt,
        site_id -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable};
    use crate::types::Instant;

    site_keys (id) {
        id -> BigInt,
        account_id -> BigInt,
        site_id -> BigInt,
        hash -> Binary,
        created_at -> Instant,
        expires_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable};
    use crate::types::Instant;

    webhook_secrets (account_id, site_id, created_at) {
        account_id -> BigInt,
        site_id -> BigInt,
        created_at -> Instant,
        expires_at -> Nullable<Instant>,
        sealed -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text};
    use crate::types::{Instant, Json};

    integrations (id) {
        id -> BigInt,
        account_id -> BigInt,
        site_id -> BigInt,
        platform -> Text,
        site_url -> Text,
        site_url_search -> Text,
        credentials -> Binary,
        is_active -> Bool,
        sync_enabled -> Bool,
        conflict_policy -> Text,
        sync_status -> Text,
        run_status -> Text,
        sync_error -> Nullable<Json>,
        last_sync_at -> Nullable<Instant>,
        next_sync_at -> Nullable<Instant>,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
        structure -> Nullable<Json>,
        memory -> Json,
        platform_state -> Json,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};
    use crate::types::{Instant, Json};

    contents (id) {
        id -> BigInt,
        account_id -> BigInt,
        site_id -> BigInt,
        content_type -> Text,
        title -> Text,
        title_search -> Text,
        slug -> Text,
        slug_search -> Text,
        status -> Text,
        publish_at -> Nullable<Instant>,
        featured_image_url -> Nullable<Text>,
        deleted_at -> Nullable<Instant>,
        pull_wanted -> Bool,
        sync_state -> Text,
        failure -> Nullable<Json>,
        failure_parked -> Bool,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
        link_integration_id -> Nullable<BigInt>,
        external_id -> Nullable<Text>,
        external_url -> Nullable<Text>,
        external_status -> Nullable<Text>,
        external_modified_at -> Nullable<Instant>,
        external_sequence -> Nullable<BigInt>,
        external_version -> Nullable<Text>,
        former_identity -> Nullable<Text>,
        former_integration_id -> Nullable<BigInt>,
        former_external_id -> Nullable<Text>,
        former_external_url -> Nullable<Text>,
        former_external_status -> Nullable<Text>,
        former_external_modified_at -> Nullable<Instant>,
        former_external_sequence -> Nullable<BigInt>,
        former_external_version -> Nullable<Text>,
        terms -> Json,
        seo -> Json,
        excerpt -> Text,
        html -> Text,
        base -> Nullable<Json>,
        former_base -> Nullable<Json>,
        intent -> Nullable<Json>,
        conflict -> Nullable<Json>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};
    use crate::types::{Instant, Json};

    runs (id) {
        id -> BigInt,
        account_id -> BigInt,
        site_id -> BigInt,
        integration_id -> BigInt,
        direction -> Text,
        triggered_by -> Text,
        actor_kind -> Text,
        actor_id -> Nullable<BigInt>,
        options -> Json,
        dry_run -> Bool,
        status -> Text,
        active -> Bool,
        attempt -> BigInt,
        failures -> BigInt,
        next_attempt_at -> Nullable<Instant>,
        cancel_requested -> Bool,
        lease_owner -> Nullable<Text>,
        lease_until -> Nullable<Instant>,
        fence -> BigInt,
        queued_at -> Instant,
        started_at -> Nullable<Instant>,
        finished_at -> Nullable<Instant>,
        progress -> Json,
        error -> Nullable<Json>,
        plan_count -> BigInt,
        checkpoint -> Json,
        plan -> Json,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};
    use crate::types::{Instant, Json};

    events (id) {
        id -> BigInt,
        account_id -> BigInt,
        site_id -> BigInt,
        integration_id -> BigInt,
        event_type -> Text,
        action -> Text,
        success -> Bool,
        content_id -> Nullable<BigInt>,
        external_id -> Nullable<Text>,
        run_id -> Nullable<BigInt>,
        actor_kind -> Text,
        actor_id -> Nullable<BigInt>,
        error_code -> Nullable<Text>,
        error_message -> Nullable<Text>,
        duration_ms -> Nullable<BigInt>,
        created_at -> Instant,
        details -> Json,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::types::Instant;

    receipts (account_id, sender, path, key) {
        account_id -> BigInt,
        sender -> Text,
        path -> Text,
        key -> Text,
        body_hash -> Binary,
        result -> Nullable<BigInt>,
        created_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::types::Instant;

    deliveries (account_id, site_id, key) {
        account_id -> BigInt,
        site_id -> BigInt,
        key -> Text,
        event_id -> Nullable<BigInt>,
        content_id -> Nullable<BigInt>,
        received_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::types::Instant;

    webhook_counters (account_id, site_id, kind) {
        account_id -> BigInt,
        site_id -> BigInt,
        kind -> Text,
        count -> BigInt,
        last_at -> Instant,
        note -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::BigInt;

    site_sequences (account_id, site_id) {
        account_id -> BigInt,
        site_id -> BigInt,
        sequence -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable};
    use crate::types::Instant;

    site_key_uses (account_id, site_id, key_id) {
        account_id -> BigInt,
        site_id -> BigInt,
        key_id -> BigInt,
        signs_since -> Nullable<Instant>,
        onboarded_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::types::Instant;

    pulls (account_id, integration_id, external_id) {
        account_id -> BigInt,
        site_id -> BigInt,
        integration_id -> BigInt,
        external_id -> Text,
        content_type -> Text,
        wanted_at -> Instant,
        tries -> BigInt,
        due_at -> Instant,
        held_until -> Nullable<Instant>,
    }
}

diesel::joinable!(integrations -> sites (site_id));
diesel::allow_tables_to_appear_in_same_query!(
    accounts,
    users,
    sites,
    memberships,
    site_keys,
    webhook_secrets,
    integrations,
    contents,
    runs,
    events,
    receipts,
    deliveries,
    webhook_counters,
    site_sequences,
    site_key_uses,
    pulls
);
