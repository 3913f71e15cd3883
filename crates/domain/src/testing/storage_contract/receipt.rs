//! What was done for whom under which key.

use anyhow::ensure;

use super::Outcome;
use super::fixture::{World, at};
use crate::ports::storage::{Receipt, ReceiptKey, Storage};

fn key(world: &World, word: &str) -> ReceiptKey {
    ReceiptKey {
        account_id: world.account.id,
        sender: "user:7".to_owned(),
        path: "integrations/".to_owned(),
        key: word.to_owned(),
    }
}

/// Claims a key at `at(second)`, remembering the last hundred seconds, and records a result where it was free.
async fn do_once(
    storage: &dyn Storage,
    key: &ReceiptKey,
    hash: u8,
    result: i64,
    second: i64,
) -> anyhow::Result<Option<Receipt>> {
    let mut unit = storage.begin().await?;
    let done = unit.claim_receipt(key, [hash; 32], at(second - 100), at(second)).await?;
    if done.is_none() {
        unit.record_receipt(key, result).await?;
    }
    unit.commit().await?;
    Ok(done)
}

/// Who comes later sees what came of the first.
pub async fn a_key_is_claimed_once_and_answers_what_came_of_it(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let key = key(&world, "order-17");
    ensure!(do_once(storage, &key, 1, 42, 0).await?.is_none());
    let done = Some(Receipt { body_hash: [1; 32], result: 42 });
    ensure!(do_once(storage, &key, 2, 43, 1).await? == done);
    ensure!(do_once(storage, &key, 1, 44, 2).await? == done);
    Ok(())
}

/// Account, sender, path and word together are the key.
pub async fn keys_of_others_and_of_other_paths_are_other_keys(storage: &dyn Storage) -> Outcome {
    let (world, stranger) = (World::make(storage, "Acme").await?, World::make(storage, "Other").await?);
    let one = key(&world, "order-17");
    let keys = [
        key(&stranger, "order-17"),
        ReceiptKey { sender: "user:8".to_owned(), ..one.clone() },
        ReceiptKey { path: "content/".to_owned(), ..one.clone() },
        ReceiptKey { key: "Order-17".to_owned(), ..one.clone() },
        one,
    ];
    for key in &keys {
        ensure!(do_once(storage, key, 1, 42, 0).await?.is_none(), "{key:?}");
    }
    Ok(())
}

/// A unit that did not commit claimed nothing.
pub async fn a_claim_that_is_dropped_leaves_the_key_free(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let key = key(&world, "order-17");
    let mut unit = storage.begin().await?;
    ensure!(unit.claim_receipt(&key, [1; 32], at(-100), at(0)).await?.is_none());
    unit.record_receipt(&key, 42).await?;
    drop(unit);
    ensure!(do_once(storage, &key, 2, 43, 1).await?.is_none());
    ensure!(do_once(storage, &key, 2, 44, 2).await? == Some(Receipt { body_hash: [2; 32], result: 43 }));
    Ok(())
}

/// After its time a key is as good as new.
pub async fn a_key_is_free_again_after_its_time(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let key = key(&world, "order-17");
    ensure!(do_once(storage, &key, 1, 42, 0).await?.is_none());
    ensure!(do_once(storage, &key, 1, 43, 99).await?.is_some());
    ensure!(do_once(storage, &key, 2, 44, 100).await?.is_none());
    ensure!(do_once(storage, &key, 1, 45, 101).await? == Some(Receipt { body_hash: [2; 32], result: 44 }));
    Ok(())
}

/// The oldest are forgotten, in batches, whoever they are of.
pub async fn old_receipts_are_forgotten_in_batches(storage: &dyn Storage) -> Outcome {
    let (world, stranger) = (World::make(storage, "Acme").await?, World::make(storage, "Other").await?);
    for number in 0..5_u8 {
        let key = key(if number == 2 { &stranger } else { &world }, &format!("order-{number}"));
        do_once(storage, &key, number, 42, number.into()).await?;
    }
    let mut unit = storage.begin().await?;
    ensure!(unit.purge_receipts(at(3), 2).await? == 2);
    ensure!(unit.purge_receipts(at(3), 2).await? == 1);
    ensure!(unit.purge_receipts(at(3), 2).await? == 0);
    unit.commit().await?;
    ensure!(do_once(storage, &key(&world, "order-3"), 3, 43, 6).await?.is_some());
    ensure!(do_once(storage, &key(&stranger, "order-2"), 9, 44, 6).await?.is_none());
    Ok(())
}

/// Of many who come at once, one does it and the others see what came of it.
pub async fn of_many_who_claim_a_key_at_once_one_gets_it(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let key = key(&world, "order-17");
    let claims = (0..8).map(|number| do_once_with_patience(storage, &key, number));
    let outcomes =
        futures_util::future::join_all(claims).await.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
    let winners: Vec<i64> =
        outcomes.iter().filter_map(|(number, done)| done.is_none().then_some(*number)).collect();
    ensure!(winners.len() == 1, "{winners:?}");
    let seen = outcomes.iter().filter_map(|(_, done)| done.map(|receipt| receipt.result));
    ensure!(seen.clone().count() == 7 && seen.clone().all(|result| winners.contains(&result)));
    Ok(())
}

/// As a service does: decides anew where it was overtaken.
async fn do_once_with_patience(
    storage: &dyn Storage,
    key: &ReceiptKey,
    number: i64,
) -> anyhow::Result<(i64, Option<Receipt>)> {
    let mut last = anyhow::anyhow!("never tried");
    for _ in 0..8 {
        match do_once(storage, key, 1, number, 0).await {
            Ok(done) => return Ok((number, done)),
            Err(error) => last = error,
        }
    }
    Err(last)
}
