use std::sync::Arc;

use registrywatcher::event::Event;
use registrywatcher::freeze::Stops;
use registrywatcher::ports::{RestraintChange, Restraints, Scope, Step, Store, WatchState};

use super::samples::{
    every_deployment, every_event, every_watch, freeze, quarantine, quarantined, step,
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
