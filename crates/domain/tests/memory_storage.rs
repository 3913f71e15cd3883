//! The storage in memory keeps what every storage must keep.

use igny8_integration_domain::testing::MemoryStorage;

async fn make_storage() -> anyhow::Result<(MemoryStorage, ())> {
    Ok((MemoryStorage::new(), ()))
}

igny8_integration_domain::storage_contract!(make_storage);
