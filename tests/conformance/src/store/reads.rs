use std::sync::Arc;

use registrywatcher::deployment::{DeploymentId, State};
use registrywatcher::event::{Event, EventId};
use registrywatcher::ports::{DeploymentQuery, EventQuery, EventRange, Scope, Step, Store};
use registrywatcher::watch::WatchName;

use super::samples::{
    applying, at_version, deployment, event, every_state, id, moment, name, quarantine, step, watch,
};
use super::{StoreHarness, all_events, commit, commit_at_once, deployments, events};

/// Deployments that ended are not loaded as open, and are still found.
pub async fn deployments_that_ended_are_not_loaded_as_open_and_are_still_found(
    harness: &impl StoreHarness,
) {
    let store = harness.store();
    let mut version = 0;
    for (n, state) in (1..).zip(every_state()) {
        let at = |version, state| Step {
            deployments: vec![deployment(n, "web", state)],
            ..step(at_version("web", version))
        };
        version = commit(&store, at(version, applying())).await.version;
        assert_eq!(open(&store).await.last(), Some(&id(n)), "oldest first");

        let is_terminal = state.is_terminal();
        version = commit(&store, at(version, state.clone())).await.version;
        assert_eq!(
            open(&store).await.contains(&id(n)),
            !is_terminal,
            "{}",
            state.name()
        );
        let query = DeploymentQuery {
            id: Some(id(n)),
            limit: 1,
            ..DeploymentQuery::default()
        };
        assert_eq!(
            deployments(&store, &query).await,
            [deployment(n, "web", state)]
        );
    }
}

async fn open(store: &Arc<dyn Store>) -> Vec<DeploymentId> {
    let snapshot = store
        .load(&Scope::Everything)
        .await
        .expect("a store that is well loads");
    snapshot.open.iter().map(|row| row.id).collect()
}

/// The case, the id, the watch, before which, how many at most, and what is found.
type Case<'a> = (
    &'a str,
    Option<u64>,
    Option<&'a str>,
    Option<u64>,
    u32,
    &'a [u64],
);

/// Deployments are found newest first, by id, by watch, and page by page.
pub async fn deployments_are_found_newest_first_by_id_by_watch_and_page_by_page(
    harness: &impl StoreHarness,
) {
    let store = harness.store();
    let ended = || State::Succeeded { at: moment(9) };
    let of = |watch_name: &str, ids: &[u64]| Step {
        deployments: ids
            .iter()
            .map(|&n| deployment(n, watch_name, ended()))
            .collect(),
        ..step(watch(watch_name))
    };
    commit(&store, of("web", &[5, 1, 3])).await;
    commit(&store, of("worker", &[2, 6, 4])).await;

    let cases: [Case; 9] = [
        ("all", None, None, None, 9, &[6, 5, 4, 3, 2, 1]),
        ("of a watch", None, Some("web"), None, 9, &[5, 3, 1]),
        ("first page", None, Some("web"), None, 2, &[5, 3]),
        ("next page", None, Some("web"), Some(3), 2, &[1]),
        ("behind the last", None, None, Some(1), 9, &[]),
        ("by id", Some(4), None, None, 9, &[4]),
        (
            "by id, of another watch",
            Some(4),
            Some("web"),
            None,
            9,
            &[],
        ),
        ("an unknown id", Some(7), None, None, 9, &[]),
        ("none asked for", None, None, None, 0, &[]),
    ];
    for (case, number, watch, before, limit, expected) in cases {
        let (watch, before) = (watch.map(name), before.map(id));
        let query = DeploymentQuery {
            id: number.map(id),
            watch,
            before,
            limit,
        };
        let found = deployments(&store, &query).await;
        let found: Vec<_> = found.iter().map(|row| row.id).collect();
        let expected: Vec<_> = expected.iter().map(|&n| id(n)).collect();
        assert_eq!(found, expected, "{case}");
    }
}

/// Events have ids in the order of their commits, and are found in both directions, by watch, and page by page.
pub async fn events_have_ids_in_the_order_of_their_commits_and_are_found_in_both_directions(
    harness: &impl StoreHarness,
) {
    let store = harness.store();
    a_reader_that_follows_misses_no_event(harness).await;

    let of_all = Step {
        events: vec![event(7), event(8)],
        ..Step::default()
    };
    let of_all = commit(&store, of_all).await.events;
    assert!(of_all.iter().all(|event| event.watch.is_none()));

    let all = all_events(&store).await;
    assert!(all.ends_with(&of_all), "an event of no watch is one of all");
    assert!(all.is_sorted_by(|a, b| a.id < b.id), "ids rise");
    let rival = name("rival-3");
    let one: Vec<Event> = all
        .iter()
        .filter(|event| event.watch.as_ref() == Some(&rival))
        .cloned()
        .collect();
    assert_eq!(one.len(), 5 * 3);
    for (watch, expected) in [(None, all.clone()), (Some(rival), one)] {
        assert_eq!(page_by_page(&store, watch.clone(), true).await, expected);
        let newest_first: Vec<Event> = expected.into_iter().rev().collect();
        assert_eq!(page_by_page(&store, watch, false).await, newest_first);
    }
    for (range, limit) in [
        (EventRange::After(u64::MAX), 9),
        (EventRange::Before(None), 0),
    ] {
        let watch = None;
        assert_eq!(
            events(
                &store,
                &EventQuery {
                    watch,
                    range,
                    limit
                }
            )
            .await,
            []
        );
    }

    let last = all.last().map_or(0, |event| event.id);
    let mut next = step(watch("late"));
    next.events = vec![event(1), event(2)];
    let told = commit(&harness.reopen().await, next).await.events;
    assert!(told[0].id > last, "ids rise after a restart too");
    assert!(told[1].id > told[0].id);
}

/// Tasks tell events at the same time, while a reader follows by cursor and must see each of them.
async fn a_reader_that_follows_misses_no_event(harness: &impl StoreHarness) {
    let handles = [harness.store(), harness.second().await];
    let reader = handles[1].clone();
    let following = tokio::spawn(async move {
        let (mut seen, mut cursor) = (Vec::new(), 0);
        while seen.len() < 8 * 5 * 3 {
            for event in events(&reader, &after(cursor, 7)).await {
                cursor = event.id;
                seen.push(event);
            }
            tokio::task::yield_now().await;
        }
        seen
    });
    for version in 0..5 {
        let rivals = (0..8).map(|n| Step {
            events: (0..3).map(|k| event(version * 100 + n * 10 + k)).collect(),
            ..step(at_version(&format!("rival-{n}"), version))
        });
        for answer in commit_at_once(&handles, rivals.collect()).await {
            let told = answer
                .expect("steps of different watches do not disturb each other")
                .events;
            assert!(
                told.is_sorted_by(|a, b| a.id < b.id),
                "the events of a step keep their order"
            );
        }
    }
    let patience = std::time::Duration::from_mins(1);
    let seen = tokio::time::timeout(patience, following)
        .await
        .expect("the reader sees every event, or the order of ids is not that of the commits")
        .expect("the reader does not panic");
    assert_eq!(seen, all_events(&handles[0]).await);
}

fn after(cursor: EventId, limit: u32) -> EventQuery {
    EventQuery {
        watch: None,
        range: EventRange::After(cursor),
        limit,
    }
}

async fn page_by_page(
    store: &Arc<dyn Store>,
    watch: Option<WatchName>,
    oldest_first: bool,
) -> Vec<Event> {
    let mut found: Vec<Event> = Vec::new();
    loop {
        let last = found.last().map(|event| event.id);
        let range = if oldest_first {
            EventRange::After(last.unwrap_or(0))
        } else {
            EventRange::Before(last)
        };
        let page = events(
            store,
            &EventQuery {
                watch: watch.clone(),
                range,
                limit: 4,
            },
        )
        .await;
        if page.is_empty() {
            return found;
        }
        assert!(page.len() <= 4, "a page is no longer than asked for");
        found.extend(page);
    }
}

/// Loading one watch leaves out the others, and loading what concerns all leaves out every watch.
pub async fn loading_one_watch_leaves_out_the_others_and_loading_what_concerns_all_leaves_out_every_watch(
    harness: &impl StoreHarness,
) {
    let store = harness.store();
    for (n, watch_name) in (1..).zip(["web", "worker"]) {
        let full = Step {
            deployments: vec![deployment(n, watch_name, applying())],
            restraints: vec![quarantine(n)],
            events: vec![event(n)],
            ..step(watch(watch_name))
        };
        commit(&store, full).await;
    }
    let all = store
        .load(&Scope::Everything)
        .await
        .expect("a store that is well loads");
    let mut one = store
        .load(&Scope::Watch(name("web")))
        .await
        .expect("a store that is well loads");
    assert_eq!(one.watches, [at_version("web", 1)]);
    assert_eq!(one.open, [deployment(1, "web", applying())]);
    (one.watches, one.open) = (all.watches.clone(), all.open.clone());
    assert_eq!(
        one, all,
        "the restraints, the cursors and the last event are everybody's"
    );

    for scope in [Scope::Watch(name("unknown")), Scope::Shared] {
        let mut shared = store
            .load(&scope)
            .await
            .expect("a store that is well loads");
        assert!(shared.watches.is_empty() && shared.open.is_empty());
        (shared.watches, shared.open) = (all.watches.clone(), all.open.clone());
        assert_eq!(shared, all, "{scope:?}");
    }
}
