use std::sync::Arc;

use registrywatcher::deployment::{DeploymentId, State};
use registrywatcher::event::{Event, EventId};
use registrywatcher::ports::{DeploymentQuery, EventQuery, EventRange, Step, Store, WatchState};

use super::samples::{
    applying, deployment, event, every_state, id, moment, name, quarantined, step, watch,
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
            ..step(WatchState {
                version,
                ..watch("web")
            })
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
    let snapshot = store.load(None).await.expect("a store that is well loads");
    snapshot.open.iter().map(|row| row.id).collect()
}

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

    let all = DeploymentQuery {
        limit: 100,
        ..DeploymentQuery::default()
    };
    let web = DeploymentQuery {
        watch: Some(name("web")),
        ..all.clone()
    };
    let cases: [(&str, DeploymentQuery, &[u64]); 9] = [
        ("all", all.clone(), &[6, 5, 4, 3, 2, 1]),
        ("of a watch", web.clone(), &[5, 3, 1]),
        (
            "first page",
            DeploymentQuery {
                limit: 2,
                ..web.clone()
            },
            &[5, 3],
        ),
        (
            "next page",
            DeploymentQuery {
                limit: 2,
                before: Some(id(3)),
                ..web.clone()
            },
            &[1],
        ),
        (
            "behind the last",
            DeploymentQuery {
                before: Some(id(1)),
                ..all.clone()
            },
            &[],
        ),
        (
            "by id",
            DeploymentQuery {
                id: Some(id(4)),
                ..all.clone()
            },
            &[4],
        ),
        (
            "by id, of another watch",
            DeploymentQuery {
                id: Some(id(4)),
                ..web
            },
            &[],
        ),
        (
            "an unknown id",
            DeploymentQuery {
                id: Some(id(7)),
                ..all.clone()
            },
            &[],
        ),
        ("none asked for", DeploymentQuery { limit: 0, ..all }, &[]),
    ];
    for (case, query, expected) in cases {
        let found: Vec<_> = deployments(&store, &query)
            .await
            .iter()
            .map(|row| row.id)
            .collect();
        assert_eq!(
            found,
            expected.iter().map(|&n| id(n)).collect::<Vec<_>>(),
            "{case}"
        );
    }
}

/// Events have ids in the order of their commits, and are found in both directions, by watch, and page by page.
pub async fn events_have_ids_in_the_order_of_their_commits_and_are_found_in_both_directions(
    harness: &impl StoreHarness,
) {
    let store = harness.store();
    a_reader_that_follows_misses_no_event(harness).await;

    let all = all_events(&store).await;
    assert!(all.is_sorted_by(|a, b| a.id < b.id), "ids rise");
    let of = |watch: &str| {
        all.iter()
            .filter(|event| event.watch == name(watch))
            .collect()
    };
    let every: Vec<&Event> = all.iter().collect();
    let one: Vec<&Event> = of("rival-3");
    assert_eq!(one.len(), 5 * 3);
    for (watch, expected) in [(None, every), (Some(name("rival-3")), one)] {
        let expected: Vec<Event> = expected.into_iter().cloned().collect();
        let mut newest_first = expected.clone();
        newest_first.reverse();
        assert_eq!(page_by_page(&store, watch.clone(), true).await, expected);
        assert_eq!(page_by_page(&store, watch, false).await, newest_first);
    }
    let last = all.last().map_or(0, |event| event.id);
    let beyond = EventQuery {
        watch: None,
        range: EventRange::After(u64::MAX),
        limit: 9,
    };
    assert_eq!(events(&store, &beyond).await, []);
    let none = EventQuery {
        watch: None,
        range: EventRange::Before(None),
        limit: 0,
    };
    assert_eq!(events(&store, &none).await, []);

    let next = Step {
        events: vec![event(1), event(2)],
        ..step(watch("late"))
    };
    let told = commit(&harness.reopen().await, next).await.events;
    assert!(
        told[0].id > last && told[1].id > told[0].id,
        "ids rise after a restart too"
    );
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
            ..step(WatchState {
                version,
                ..watch(&format!("rival-{n}"))
            })
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
    watch: Option<registrywatcher::watch::WatchName>,
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

/// Loading one watch leaves out the others.
pub async fn loading_one_watch_leaves_out_the_others(harness: &impl StoreHarness) {
    let store = harness.store();
    for (n, watch_name) in (1..).zip(["web", "worker"]) {
        let full = Step {
            deployments: vec![deployment(n, watch_name, applying())],
            quarantine: vec![quarantined(n)],
            events: vec![event(n)],
            ..step(watch(watch_name))
        };
        commit(&store, full).await;
    }
    let all = store.load(None).await.expect("a store that is well loads");
    let mut one = store
        .load(Some(&name("web")))
        .await
        .expect("a store that is well loads");
    assert_eq!(
        one.watches,
        [WatchState {
            version: 1,
            ..watch("web")
        }]
    );
    assert_eq!(one.open, [deployment(1, "web", applying())]);
    (one.watches, one.open) = (all.watches.clone(), all.open.clone());
    assert_eq!(
        one, all,
        "the quarantine, the cursors and the last event are everybody's"
    );

    let none = store
        .load(Some(&name("unknown")))
        .await
        .expect("a store that is well loads");
    assert!(none.watches.is_empty() && none.open.is_empty());
    assert_eq!(none.quarantine, all.quarantine);
}
