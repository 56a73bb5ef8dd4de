use std::sync::Arc;

use registrywatcher::event::Event;
use registrywatcher::freeze::Stops;
use registrywatcher::ports::{RestraintChange, Restraints, Scope, Step, Store, WatchState};

use super::samples::{
    every_deployment, every_event, every_watch, freeze, name, quarantine, quarantined, step, watch,
};
use super::{StoreHarness, all_deployments, all_events, commit, everything};

/// What is committed is loaded again, equal in every field.
pub async fn what_is_committed_is_loaded_again_equal_in_every_field(harness: &impl StoreHarness) {
    let store = harness.store();
    let mut watches = every_watch();
    for watch in &mut watches {
        watch.version = commit(&store, step(watch.clone())).await.version;
        assert_eq!(
            watch.version, 1,
            "the first commit of a watch makes its first version"
        );
    }
    let first = watches.first_mut().expect("there are samples");
    let told = Step {
        deployments: every_deployment(first.name.as_str()),
        restraints_revision: Some(0),
        restraints: vec![
            quarantine(1),
            quarantine(2),
            RestraintChange::Freeze(Some(freeze(5, Stops::Automatic))),
        ],
        events: every_event(),
        ..step(first.clone())
    };
    let committed = commit(&store, told.clone()).await;
    first.version = committed.version;
    assert_eq!(committed.version, 2);
    assert_eq!(committed.restraints_revision, 1);

    holds(&store, &watches, &told, &committed.events).await;
    holds(&harness.second().await, &watches, &told, &committed.events).await;
    let reopened = harness.reopen().await;
    holds(&reopened, &watches, &told, &committed.events).await;

    replacing_what_is_stored_keeps_every_field_too(&reopened, watches).await;
}

async fn holds(store: &Arc<dyn Store>, watches: &[WatchState], told: &Step, events: &[Event]) {
    let snapshot = store
        .load(&Scope::Everything)
        .await
        .expect("a store that is well loads");
    let mut expected = watches.to_vec();
    expected.sort_by(|a, b| a.name.cmp(&b.name));
    let mut found = snapshot.watches;
    found.sort_by(|a, b| a.name.cmp(&b.name));
    assert_eq!(found, expected);

    let open: Vec<_> = told
        .deployments
        .iter()
        .filter(|row| !row.state.is_terminal())
        .cloned()
        .collect();
    assert_eq!(snapshot.open, open);
    let mut newest_first = told.deployments.clone();
    newest_first.reverse();
    assert_eq!(all_deployments(store).await, newest_first);

    let restraints = Restraints {
        revision: 1,
        quarantine: vec![quarantined(1), quarantined(2)],
        freeze: Some(freeze(5, Stops::Automatic)),
    };
    assert_eq!(snapshot.restraints, restraints);

    assert_eq!(all_events(store).await, events);
    let stored: Vec<_> = events
        .iter()
        .map(|event| (event.at, event.kind.clone()))
        .collect();
    let asked: Vec<_> = told
        .events
        .iter()
        .map(|event| (event.at, event.kind.clone()))
        .collect();
    assert_eq!(stored, asked);
    let name = told.watch.as_ref().map(|watch| watch.name.clone());
    assert!(events.iter().all(|event| event.watch == name));
    assert_eq!(
        events.last().map(|event| event.id),
        Some(snapshot.last_event)
    );
}

/// Each sample takes the place of another one, so that every column is also written over.
async fn replacing_what_is_stored_keeps_every_field_too(
    store: &Arc<dyn Store>,
    watches: Vec<WatchState>,
) {
    let before = everything(store).await;
    let mut bodies = watches.clone();
    bodies.rotate_left(1);
    for (old, body) in watches.into_iter().zip(bodies) {
        let mut replaced = WatchState {
            name: old.name,
            version: old.version,
            ..body
        };
        replaced.version = commit(store, step(replaced.clone())).await.version;
        let loaded = store
            .load(&Scope::Watch(replaced.name.clone()))
            .await
            .expect("a store that is well loads");
        assert_eq!(loaded.watches, [replaced]);
    }
    let after = everything(store).await;
    assert_eq!(
        after.deployments, before.deployments,
        "a watch alone was replaced"
    );
    assert_eq!(after.events, before.events, "nothing was told");
    assert_eq!(after.snapshot.restraints, before.snapshot.restraints);
}

/// A cursor is remembered, and never goes back.
pub async fn a_cursor_is_remembered_and_never_goes_back(harness: &impl StoreHarness) {
    let (store, second) = (harness.store(), harness.second().await);
    assert!(
        store
            .load(&Scope::Everything)
            .await
            .expect("an empty store loads")
            .cursors
            .is_empty()
    );

    advance(&store, "chat", 3).await;
    advance(&store, "mail", 1).await;
    advance(&second, "chat", 2).await;
    assert_eq!(cursors(&store).await, [("chat", 3), ("mail", 1)].map(owned));

    let tasks = (4..24)
        .zip([&store, &second].into_iter().cycle().cloned())
        .map(|(event, store)| tokio::spawn(async move { advance(&store, "chat", event).await }));
    for task in tasks.collect::<Vec<_>>() {
        task.await.expect("a cursor advances without a panic");
    }
    let reopened = harness.reopen().await;
    assert_eq!(
        cursors(&reopened).await,
        [("chat", 23), ("mail", 1)].map(owned)
    );

    commit(&reopened, step(watch("web"))).await;
    let one = reopened
        .load(&Scope::Watch(name("web")))
        .await
        .expect("a store that is well loads");
    assert_eq!(one.cursors.len(), 2, "cursors belong to no watch");
}

fn owned((sink, event): (&str, u64)) -> (String, u64) {
    (sink.to_owned(), event)
}

async fn advance(store: &Arc<dyn Store>, sink: &str, event: u64) {
    store
        .advance_cursor(sink, event)
        .await
        .expect("a store that is well remembers a cursor");
}

async fn cursors(store: &Arc<dyn Store>) -> Vec<(String, u64)> {
    let snapshot = store
        .load(&Scope::Everything)
        .await
        .expect("a store that is well loads");
    snapshot.cursors.into_iter().collect()
}
