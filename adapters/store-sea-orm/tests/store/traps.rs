//! What SQLite and Postgres are known to trip over, each on both.

use chrono::{DateTime, TimeDelta, Utc};
use registrywatcher::deployment::{Quarantined, State};
use registrywatcher::event::NewEvent;
use registrywatcher::ports::{
    DeploymentQuery, EventQuery, EventRange, RestraintChange, Scope, Step, Store,
};
use registrywatcher_conformance::samples::{at, tag};
use registrywatcher_conformance::store::samples::{
    applying, at_version, deployment, event, id, quarantine, quarantined, step, watch,
};
use registrywatcher_store_sea_orm::{SeaOrmStore, StoreOptions};
use sea_orm::ConnectionTrait;

use crate::databases::{Database, on_both_databases};

on_both_databases!(
    steps_that_read_before_they_write_wait_for_each_other_and_lose_nothing,
    a_counter_that_is_read_and_raised_at_the_same_time_loses_no_raise,
    times_are_kept_to_the_microsecond_and_order_rightly,
    ids_of_events_pass_the_range_of_32_bits,
    the_longest_texts_are_kept_whole,
    a_cursor_that_stays_where_it_is_is_no_error,
    loading_costs_a_fixed_number_of_statements,
);

/// Eight tasks over two handles; each step reads the quarantine before it writes.
async fn steps_that_read_before_they_write_wait_for_each_other_and_lose_nothing(
    database: &Database,
) {
    let handles = [database.open().await, database.connect().await];
    let writers: Vec<_> = (0..8_u64)
        .map(|n| {
            let store = handles[usize::from(n % 2 == 1)].clone();
            tokio::spawn(async move { tell_of_many_deployments(&store, n).await })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let query = DeploymentQuery {
        limit: 1000,
        ..DeploymentQuery::default()
    };
    assert_eq!(handles[0].deployments(&query).await.unwrap().len(), 8 * 12);
    let query = EventQuery {
        watch: None,
        range: EventRange::After(0),
        limit: 1000,
    };
    assert_eq!(handles[0].events(&query).await.unwrap().len(), 8 * 12 * 2);
    let watches = handles[0].load(&Scope::Everything).await.unwrap().watches;
    assert!(
        watches.iter().all(|watch| watch.version == 12),
        "{watches:?}"
    );
}

async fn tell_of_many_deployments(store: &SeaOrmStore, n: u64) {
    let watch = watch(&format!("watch-{n}"));
    for version in 0..12 {
        let number = n * 100 + version;
        let step = Step {
            deployments: vec![deployment(number, watch.name.as_str(), applying())],
            restraints_revision: Some(0),
            events: vec![event(number), event(number)],
            ..step(at_version(watch.name.as_str(), version))
        };
        store
            .commit(step)
            .await
            .expect("steps of different watches do not disturb each other");
    }
}

async fn a_counter_that_is_read_and_raised_at_the_same_time_loses_no_raise(database: &Database) {
    let handles = [database.open().await, database.connect().await];
    let writers: Vec<_> = (0..8_u64)
        .map(|n| {
            let store = handles[usize::from(n % 2 == 1)].clone();
            tokio::spawn(async move {
                for version in 0..5 {
                    let step = Step {
                        restraints: vec![quarantine(n * 100 + version)],
                        ..step(at_version(&format!("watch-{n}"), version))
                    };
                    store
                        .commit(step)
                        .await
                        .expect("a quarantine that nobody reads is free");
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let loaded = handles[1].load(&Scope::Everything).await.unwrap();
    let restraints = loaded.restraints;
    assert_eq!((restraints.revision, restraints.quarantine.len()), (40, 40));
}

async fn times_are_kept_to_the_microsecond_and_order_rightly(database: &Database) {
    let store = database.open().await;
    // 0, 3, 6 and 9 digits behind the point; the last one is cut, not rounded.
    let nanos = [0, 500_000_000, 500_001_000, 999_999_999].map(TimeDelta::nanoseconds);
    let times: Vec<DateTime<Utc>> = nanos.iter().map(|&nanos| at(1) + nanos).collect();
    let kept: Vec<_> = [0, 500_000, 500_001, 999_999]
        .into_iter()
        .map(|micros| at(1) + TimeDelta::microseconds(micros))
        .collect();
    let mut told = step(watch("web"));
    for (n, &moment) in (0..).zip(times.iter().rev()) {
        let mut deployment = deployment(3 - n, "web", State::Requested);
        deployment.created_at = moment;
        told.deployments.push(deployment);
        let mut entry = quarantined(n);
        entry.since = moment;
        told.restraints.push(RestraintChange::Quarantine(entry));
    }
    told.events = times
        .iter()
        .map(|&at| NewEvent { at, ..event(1) })
        .collect();
    let committed = store.commit(told).await.unwrap();
    let told: Vec<_> = committed.events.iter().map(|event| event.at).collect();
    assert_eq!(told, kept);

    let loaded = store.load(&Scope::Everything).await.unwrap();
    let since: Vec<_> = loaded
        .restraints
        .quarantine
        .iter()
        .map(|entry| entry.since)
        .collect();
    assert_eq!(since, kept);
    let made: Vec<_> = loaded.open.iter().map(|row| row.created_at).collect();
    assert_eq!(made, kept);
    let query = EventQuery {
        watch: None,
        range: EventRange::After(0),
        limit: 9,
    };
    assert_eq!(store.events(&query).await.unwrap(), committed.events);
}

async fn ids_of_events_pass_the_range_of_32_bits(database: &Database) {
    let store = database.open().await;
    let far = "INSERT INTO events (id, at, watch, kind, data) \
               VALUES (5000000000, '2026-11-24T00:00:00+00:00', 'web', 'watch_retired', '{}')";
    database.execute(far).await;
    assert_eq!(
        store.load(&Scope::Everything).await.unwrap().last_event,
        5_000_000_000
    );
    let administrator = database.administrator().await;
    if administrator.get_database_backend() == sea_orm::DbBackend::Postgres {
        let next = "SELECT setval(pg_get_serial_sequence('events', 'id'), 5000000000)";
        administrator.execute_unprepared(next).await.unwrap();
    }
    let told = Step {
        events: vec![event(1)],
        ..step(watch("web"))
    };
    assert_eq!(
        store.commit(told).await.unwrap().events[0].id,
        5_000_000_001
    );
}

async fn the_longest_texts_are_kept_whole(database: &Database) {
    let store = database.open().await;
    let longest_name = "n".repeat(100);
    let mut row = deployment(1, &longest_name, State::Requested);
    row.candidate.tag = tag(&"t".repeat(128));
    row.candidate.image = registrywatcher::image::Image::of_digest(
        format!("sha512:{}", "ab".repeat(64)).parse().unwrap(),
    );
    let quarantined = Quarantined {
        reason: "r".repeat(100_000),
        ..quarantined(1)
    };
    let told = Step {
        deployments: vec![row.clone()],
        restraints: vec![RestraintChange::Quarantine(quarantined.clone())],
        ..step(watch(&longest_name))
    };
    store.commit(told).await.unwrap();
    let loaded = store.load(&Scope::Everything).await.unwrap();
    assert_eq!(
        (loaded.open, loaded.restraints.quarantine),
        (vec![row], vec![quarantined])
    );
}

/// `ON CONFLICT` without effect is reported as an error by some ways of asking.
async fn a_cursor_that_stays_where_it_is_is_no_error(database: &Database) {
    let store = database.open().await;
    for event in [7, 7, 3, u64::MAX >> 1] {
        store.advance_cursor("chat", event).await.unwrap();
    }
    assert_eq!(
        store.load(&Scope::Everything).await.unwrap().cursors["chat"],
        u64::MAX >> 1
    );
    store.commit(step(watch("web"))).await.unwrap();
    assert!(
        store.commit(step(watch("web"))).await.is_err(),
        "version 0 exists already"
    );
}

async fn loading_costs_a_fixed_number_of_statements(database: &Database) {
    let store = database.open().await;
    for n in 0..20 {
        let watch = watch(&format!("watch-{n}"));
        let rows = vec![deployment(n, watch.name.as_str(), State::Requested)];
        store
            .commit(Step {
                deployments: rows,
                ..step(watch)
            })
            .await
            .unwrap();
    }
    let before = store.statements();
    assert_eq!(
        store
            .load(&Scope::Everything)
            .await
            .unwrap()
            .open
            .first()
            .map(|row| row.id),
        Some(id(0))
    );
    assert_eq!(store.statements() - before, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_in_memory_is_one_for_all_calls() {
    let store = in_memory().await;
    let writers: Vec<_> = (0..8)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move {
                store
                    .commit(step(watch(&format!("watch-{n}"))))
                    .await
                    .unwrap();
                store.load(&Scope::Everything).await.unwrap()
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(
        store.load(&Scope::Everything).await.unwrap().watches.len(),
        8
    );
    assert_eq!(
        in_memory()
            .await
            .load(&Scope::Everything)
            .await
            .unwrap()
            .watches,
        [],
        "and for no others"
    );
}

async fn in_memory() -> SeaOrmStore {
    let url = "sqlite::memory:".parse().unwrap();
    let store = SeaOrmStore::connect(&url, &StoreOptions::default())
        .await
        .unwrap();
    store.migrate().await.unwrap();
    store
}
