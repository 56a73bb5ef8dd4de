//! What replicas that share one database need of it beyond the contract: how much it costs, and that nobody waits for one that hangs.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use registrywatcher::ports::{LeaseClaim, Resource, Store, TagChanges, TagLogQuery};
use registrywatcher_conformance::samples::{at, image, tag};
use registrywatcher_conformance::store::samples::{name, replica};
use registrywatcher_store_sea_orm::SeaOrmStore;
use sea_orm::{ConnectionTrait, DatabaseTransaction, Statement, TransactionTrait};

use crate::databases::{Database, impatient, on_both_databases};

on_both_databases!(
    claiming_ten_thousand_resources_costs_a_fixed_number_of_statements,
    the_clock_of_the_database_ends_a_lease,
    writing_down_ten_thousand_tags_costs_a_fixed_number_of_statements,
);

fn watches(count: usize) -> Vec<Resource> {
    let watch = |n| Resource::Watch(name(&format!("watch-{n}")));
    (0..count).map(watch).collect()
}

fn by(n: u64, resources: &[Resource], ttl: Duration) -> LeaseClaim {
    LeaseClaim {
        replica: replica(n),
        generation: 1,
        resources: resources.to_vec(),
        ttl,
    }
}

async fn claiming_ten_thousand_resources_costs_a_fixed_number_of_statements(database: &Database) {
    let store = database.open().await;
    let all = watches(10_000);
    let one = by(1, &all, Duration::from_mins(1));
    let two = by(2, &all, Duration::from_mins(1));
    let cases = [
        ("the first one", &one, 5, 10_000),
        ("renewing", &one, 3, 10_000),
        ("finding all held", &two, 5, 0),
        ("giving up a half", &one, 3, 5_000),
    ];
    // Postgres is told once more how to go about it.
    let told = u64::from(database.url.starts_with("postgres"));
    for (case, claim, statements, count) in cases {
        let before = store.statements();
        let held = store.lease(claim).await.unwrap();
        assert_eq!(held.len(), count, "{case}");
        assert_eq!(store.statements() - before, statements + told, "{case}");
    }
}

async fn the_clock_of_the_database_ends_a_lease(database: &Database) {
    let (store, second) = (database.open().await, database.connect().await);
    let (one, ttl) = (watches(1), Duration::from_millis(300));
    let asked_at = Instant::now();
    assert_eq!(store.lease(&by(1, &one, ttl)).await.unwrap().len(), 1);
    let patience = Duration::from_mins(1);
    while second.lease(&by(2, &one, ttl)).await.unwrap().is_empty() {
        assert!(asked_at.elapsed() < patience, "it never runs out");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let rounding = Duration::from_millis(2);
    assert!(asked_at.elapsed() + rounding >= ttl, "it ran out early");
}

async fn writing_down_ten_thousand_tags_costs_a_fixed_number_of_statements(database: &Database) {
    let store = database.open().await;
    let tags: Vec<_> = (0..10_000).map(|n| tag(&format!("v{n:05}"))).collect();
    let listing = TagChanges {
        repository: "registry.example/acme/web".parse().unwrap(),
        at: at(1),
        listed: tags.clone(),
        gone: Vec::new(),
        resolved: tags.iter().map(|tag| (tag.clone(), image(1))).collect(),
    };
    let vanishing = TagChanges {
        at: at(2),
        listed: Vec::new(),
        gone: tags[1..].to_vec(),
        resolved: vec![(tags[0].clone(), image(2))],
        ..listing.clone()
    };
    let before = store.statements();
    store.log_tags(&listing).await.unwrap();
    store.log_tags(&vanishing).await.unwrap();
    let statements = store.statements() - before;
    assert!(statements <= 10, "{statements} statements");

    let query = TagLogQuery {
        repository: listing.repository,
        tag: None,
        current: true,
        after: None,
        limit: 50_000,
    };
    let current = store.tag_log(&query).await.unwrap();
    let current: Vec<_> = current.into_iter().map(|row| row.image).collect();
    assert_eq!(current, [None, Some(image(2))]);
    assert_eq!(store.prune_tag_log(at(3)).await.unwrap(), 9_999 * 2 + 1);
}

/// A transaction of somebody who never ends it.
async fn hangs(database: &Database, sql: &str) -> DatabaseTransaction {
    let administrator = database.administrator().await;
    let hanging = administrator.begin().await.unwrap();
    let statement = Statement::from_string(hanging.get_database_backend(), sql);
    assert!(!hanging.query_all_raw(statement).await.unwrap().is_empty());
    hanging
}

async fn held(store: &SeaOrmStore, claim: &LeaseClaim) -> BTreeSet<Resource> {
    store.lease(claim).await.expect("nobody waits for others")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_hangs_in_its_claim_keeps_nobody_from_theirs() {
    let Some(database) = Database::postgres() else {
        return;
    };
    database.open().await;
    let store = database.connect_with(&impatient()).await;
    let (all, minute) = (watches(3), Duration::from_mins(1));
    held(&store, &by(1, &all, minute)).await;
    store.release(replica(1)).await.unwrap();
    held(&store, &by(2, &all[2..], minute)).await;

    let taking = "SELECT 1 FROM leases WHERE resource = 'watch/watch-0' FOR UPDATE";
    let hanging = hangs(&database, taking).await;
    let rest: BTreeSet<_> = all[1..].iter().cloned().collect();
    for _ in 0..2 {
        assert_eq!(held(&store, &by(2, &all, minute)).await, rest);
    }
    hanging.rollback().await.unwrap();
    assert_eq!(held(&store, &by(2, &all, minute)).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_hangs_lets_its_replica_renew_and_nobody_take_over() {
    let Some(database) = Database::postgres() else {
        return;
    };
    database.open().await;
    let store = database.connect_with(&impatient()).await;
    let (one, minute) = (watches(1), Duration::from_mins(1));
    held(&store, &by(1, &one, minute)).await;
    let checked = "SELECT 1 FROM leases WHERE resource = 'watch/watch-0' FOR KEY SHARE";
    let hanging = hangs(&database, checked).await;
    assert_eq!(held(&store, &by(1, &one, minute)).await.len(), 1);

    database.execute("UPDATE leases SET expires_at = 0").await;
    assert_eq!(held(&store, &by(2, &one, minute)).await.len(), 0);
    hanging.rollback().await.unwrap();
    database.execute("DELETE FROM replicas").await;
    assert_eq!(held(&store, &by(2, &one, minute)).await.len(), 1);
}

#[tokio::test]
async fn postgres_orders_tags_by_their_bytes_whatever_its_locale() {
    let Some(database) = Database::postgres() else {
        return;
    };
    database.open().await;
    let administrator = database.administrator().await;
    let collation = "SELECT collation_name FROM information_schema.columns \
                     WHERE table_name = 'tag_log' AND column_name = 'tag'";
    let collation = Statement::from_string(administrator.get_database_backend(), collation);
    let row = administrator.query_one_raw(collation).await.unwrap();
    let found: String = row.unwrap().try_get_by_index(0).unwrap();
    assert_eq!(found, "C");
}
