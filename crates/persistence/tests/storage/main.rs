//! The storage port on both databases.

mod cancellation;
mod migrations;
mod postgres;
mod races;
mod runtime;
mod schema;
mod support;

mod sqlite_contract {
    use crate::support::sqlite;
    igny8_integration_domain::storage_contract!(sqlite);
}

mod postgres_contract {
    use crate::support::postgres;
    igny8_integration_domain::storage_contract!(postgres);
}
