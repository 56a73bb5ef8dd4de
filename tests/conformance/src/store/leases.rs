use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use registrywatcher::ports::{LeaseClaim, ReplicaId, Resource, Step, Store, StoreError};

use super::guards::{big_step, refuses};
use super::samples::{at_version, name, replica, watch};
use super::{StoreHarness, commit};

const TTL: Duration = Duration::from_mins(1);

/// A resource is held by one replica at a time, however many ask at once.
pub async fn a_resource_is_held_by_one_replica_at_a_time_however_many_ask_at_once(
    harness: &impl StoreHarness,
) {
    let handles = [harness.store(), harness.second().await];
    let all = resources(20);
    let mut holders: BTreeMap<Resource, ReplicaId> = BTreeMap::new();
    for _ in 0..5 {
        let asking = (1..9).zip(handles.iter().cycle().cloned());
        let asking = asking.map(|(n, store)| {
            let asked = all.clone();
            tokio::spawn(async move { (replica(n), claim(&store, n, 1, &asked).await) })
        });
        for answer in futures::future::join_all(asking.collect::<Vec<_>>()).await {
            let (replica, held) = answer.expect("a claim does not panic");
            for resource in held {
                let holder = *holders.entry(resource).or_insert(replica);
                assert_eq!(holder, replica, "no time passed, so none was given up");
            }
        }
    }
    for n in 1..9 {
        let held = claim(&handles[0], n, 1, &all).await;
        holders.extend(held.into_iter().map(|resource| (resource, replica(n))));
    }
    assert_eq!(holders.into_keys().collect::<BTreeSet<_>>(), set(&all));
}

/// What a replica does not ask for any more goes to another once its time has run out, and not before.
pub async fn what_a_replica_does_not_ask_for_any_more_goes_to_another_once_its_time_has_run_out(
    harness: &impl StoreHarness,
) {
    let (store, second) = (harness.store(), harness.second().await);
    let all = resources(2);
    let (kept, dropped) = (&all[..1], &all[1..]);
    assert_eq!(claim(&store, 1, 1, &all).await, set(&all));
    assert_eq!(claim(&second, 2, 1, &all).await, set(&[]));

    harness.pass(Duration::from_secs(40)).await;
    assert_eq!(claim(&store, 1, 1, kept).await, set(kept));
    assert_eq!(claim(&second, 2, 1, &all).await, set(&[]), "not before");
    harness.pass(Duration::from_secs(30)).await;
    assert_eq!(claim(&second, 2, 1, &all).await, set(dropped));

    harness.pass(Duration::from_secs(20)).await;
    assert_eq!(claim(&second, 2, 1, &all).await, set(dropped), "not before");
    harness.pass(Duration::from_secs(20)).await;
    assert_eq!(claim(&second, 2, 1, &all).await, set(&all), "it is gone");
    assert_eq!(claim(&store, 1, 1, &all).await, set(&[]), "it comes late");

    harness.pass(Duration::from_hours(1)).await;
    assert_eq!(claim(&store, 1, 1, &all).await, set(&all), "both were gone");
}

/// Replicas share: each gets its part of what they ask for, and one that joins gets it from those that have more.
pub async fn replicas_share_and_one_that_joins_gets_its_part_from_those_that_have_more(
    harness: &impl StoreHarness,
) {
    let stores = [harness.store(), harness.second().await];
    for count in [5, 6] {
        let all = resources(count);
        let mut before: BTreeMap<u64, BTreeSet<Resource>> = BTreeMap::new();
        for replicas in 1..=3_u64 {
            let mut held: BTreeMap<u64, BTreeSet<Resource>> = BTreeMap::new();
            // Those that have more let it run out, and the one that joined takes it.
            for _ in 0..4 {
                for (n, store) in (1..=replicas).zip(stores.iter().cycle()) {
                    held.insert(n, claim(store, n, 1, &all).await);
                }
                harness.pass(TTL / 3).await;
            }
            let of_all: Vec<&Resource> = held.values().flatten().collect();
            assert_eq!(of_all.len(), all.len(), "each is held by one: {held:?}");
            assert_eq!(
                of_all.into_iter().cloned().collect::<BTreeSet<_>>(),
                set(&all)
            );
            let share = all.len().div_ceil(held.len());
            for (n, held) in &held {
                assert!(held.len() <= share, "replica {n} of {replicas}: {held:?}");
                let had = before.get(n);
                let is_kept = had.is_none_or(|had| held.is_subset(had));
                assert!(is_kept, "it keeps what it has: {held:?} of {had:?}");
            }
            before = held;
        }
        for n in 1..=3 {
            stores[0]
                .release(replica(n))
                .await
                .expect("what is held is handed back");
        }
    }
}

/// A replica of an older generation gets nothing while one of a newer generation asks.
pub async fn a_replica_of_an_older_generation_gets_nothing_while_one_of_a_newer_generation_asks(
    harness: &impl StoreHarness,
) {
    let (store, second) = (harness.store(), harness.second().await);
    let all = resources(3);
    assert_eq!(claim(&store, 1, 7, &all).await, set(&all));
    assert_eq!(claim(&second, 2, 8, &all).await, set(&[]), "they are held");
    assert_eq!(claim(&store, 1, 7, &all).await, set(&[]));

    harness.pass(Duration::from_secs(50)).await;
    assert_eq!(claim(&second, 2, 8, &all).await, set(&[]), "not before");
    harness.pass(Duration::from_secs(20)).await;
    assert_eq!(claim(&store, 1, 7, &all).await, set(&[]));
    assert_eq!(
        claim(&second, 2, 8, &all).await,
        set(&all),
        "it shares with nobody"
    );
    assert_eq!(claim(&store, 3, 6, &all).await, set(&[]));

    harness.pass(Duration::from_secs(50)).await;
    assert_eq!(claim(&store, 1, 7, &all).await, set(&[]));
    harness.pass(Duration::from_secs(20)).await;
    assert_eq!(
        claim(&store, 1, 7, &all).await,
        set(&all),
        "no newer one asks"
    );
}

/// What a replica hands back can be had by others at once.
pub async fn what_a_replica_hands_back_can_be_had_by_others_at_once(harness: &impl StoreHarness) {
    let (store, second) = (harness.store(), harness.second().await);
    let all = resources(4);
    assert_eq!(claim(&store, 1, 2, &all).await, set(&all));
    assert_eq!(claim(&second, 2, 1, &all).await, set(&[]));
    store
        .release(replica(1))
        .await
        .expect("what is held is handed back");
    assert_eq!(
        claim(&second, 2, 1, &all).await,
        set(&all),
        "it shares with nobody"
    );

    for stranger in [1, 3] {
        let handed = store.release(replica(stranger)).await;
        handed.expect("nothing is handed back without an error");
    }
    assert_eq!(
        claim(&store, 1, 1, &all).await,
        set(&[]),
        "others keep theirs"
    );
}

/// A step under a lease that is not held is [`StoreError::LeaseLost`] and changes nothing.
pub async fn a_step_under_a_lease_that_is_not_held_is_lease_lost_and_changes_nothing(
    harness: &impl StoreHarness,
) {
    let (store, second) = (harness.store(), harness.second().await);
    let web = [Resource::Watch(name("web"))];
    let under = |n, version| Step {
        lease: Some(replica(n)),
        ..big_step(at_version("web", version), version + 1)
    };
    refuses(&store, under(1, 0), is_lease_lost, "never held").await;
    claim(&store, 1, 1, &web).await;
    let namesake = [
        Resource::Sink("web".to_owned()),
        Resource::Watch(name("other")),
    ];
    claim(&second, 2, 1, &namesake).await;
    assert_eq!(commit(&second, under(1, 0)).await.version, 1);
    refuses(&store, under(2, 1), is_lease_lost, "held by another").await;
    refuses(&store, under(2, 9), is_lease_lost, "another version too").await;

    harness.pass(TTL * 2).await;
    refuses(&store, under(1, 1), is_lease_lost, "nobody took it yet").await;
    claim(&second, 2, 1, &web).await;
    refuses(&store, under(1, 1), is_lease_lost, "another took it").await;
    assert_eq!(commit(&store, under(2, 1)).await.version, 2);
    second
        .release(replica(2))
        .await
        .expect("what is held is handed back");
    refuses(&store, under(2, 2), is_lease_lost, "handed back").await;

    let command = big_step(at_version("web", 2), 3);
    assert_eq!(commit(&store, command).await.version, 3, "under no lease");
    let bare = Step {
        lease: Some(replica(9)),
        ..big_step(watch("x"), 9)
    };
    refuses(&store, bare, is_lease_lost, "a watch never stored").await;
}

/// A configuration keeps its generation while it is the latest, and gets a new one after another was used.
pub async fn a_configuration_keeps_its_generation_while_it_is_the_latest_and_gets_a_new_one_after_another_was_used(
    harness: &impl StoreHarness,
) {
    let (store, second) = (harness.store(), harness.second().await);
    let first = generation(&store, "one").await;
    assert!(first > 0);
    assert_eq!(generation(&second, "one").await, first);
    let two = generation(&second, "two").await;
    assert!(two > first);
    assert_eq!(generation(&store, "two").await, two);
    let again = generation(&store, "one").await;
    assert!(again > two, "it is newer than what replaced it");

    let handles = [store, second];
    let starting = (0..8).zip(handles.iter().cycle().cloned());
    let starting =
        starting.map(|(_, store)| tokio::spawn(async move { generation(&store, "three").await }));
    let numbers: BTreeSet<u64> = futures::future::join_all(starting.collect::<Vec<_>>())
        .await
        .into_iter()
        .map(|number| number.expect("a start does not panic"))
        .collect();
    let [three] = numbers.into_iter().collect::<Vec<_>>()[..] else {
        panic!("replicas that start at once are of one generation");
    };
    assert!(three > again);
    assert_eq!(generation(&harness.reopen().await, "three").await, three);
}

fn is_lease_lost(error: &StoreError) -> bool {
    matches!(error, StoreError::LeaseLost { .. })
}

fn resources(count: usize) -> Vec<Resource> {
    let sinks = ["chat", "mail"].map(|sink| Resource::Sink(sink.to_owned()));
    let watches = (0..).map(|n| Resource::Watch(name(&format!("watch-{n}"))));
    sinks.into_iter().chain(watches).take(count).collect()
}

fn set(resources: &[Resource]) -> BTreeSet<Resource> {
    resources.iter().cloned().collect()
}

/// Asks as the `n`th replica.
async fn claim(
    store: &Arc<dyn Store>,
    n: u64,
    generation: u64,
    resources: &[Resource],
) -> BTreeSet<Resource> {
    let claim = LeaseClaim {
        replica: replica(n),
        generation,
        resources: resources.to_vec(),
        ttl: TTL,
    };
    store
        .lease(&claim)
        .await
        .expect("a store that is well gives leases")
}

async fn generation(store: &Arc<dyn Store>, fingerprint: &str) -> u64 {
    store
        .generation(fingerprint)
        .await
        .expect("a store that is well numbers configurations")
}
