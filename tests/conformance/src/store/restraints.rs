use std::sync::Arc;

use registrywatcher::freeze::Stops;
use registrywatcher::ports::{RestraintChange, Restraints, Scope, Step, Store};

use super::guards::{big_step, exactly_one_committed, is_conflict, refuses};
use super::samples::{event, freeze, id, quarantine, quarantined, step, watch};
use super::{StoreHarness, commit, commit_at_once, everything};

/// A step decided on other restraints is [`StoreError::Conflict`](registrywatcher::ports::StoreError::Conflict) and changes nothing.
pub async fn a_step_decided_on_other_restraints_is_a_conflict_and_changes_nothing(
    harness: &impl StoreHarness,
) {
    let store = harness.store();
    let on = |revision, n| Step {
        restraints_revision: Some(revision),
        ..big_step(watch(&format!("web-{n}")), n)
    };
    assert_eq!(commit(&store, on(0, 1)).await.restraints_revision, 1);
    refuses(&store, on(0, 2), is_conflict, "an older revision").await;
    refuses(&store, on(2, 2), is_conflict, "a later revision").await;
    assert_eq!(commit(&store, on(1, 2)).await.restraints_revision, 2);
    let unaware = step(watch("unaware"));
    assert_eq!(
        commit(&store, unaware).await.restraints_revision,
        2,
        "nothing was restrained"
    );

    let handles = [store, harness.second().await];
    let answers = commit_at_once(&handles, (3..11).map(|n| on(2, n)).collect()).await;
    exactly_one_committed(&answers, is_conflict);
    let restraints = everything(&handles[0]).await.snapshot.restraints;
    assert_eq!((restraints.revision, restraints.quarantine.len()), (3, 3));
}

/// Restraints change in the order of their steps: an image is quarantined and released, all watches are frozen and not.
pub async fn restraints_change_in_the_order_of_their_steps(harness: &impl StoreHarness) {
    let (store, second) = (harness.store(), harness.second().await);
    let frozen = |n| RestraintChange::Freeze(Some(freeze(n, Stops::Everything)));
    let release = |n| RestraintChange::Release(id(n));
    let steps: [(&[RestraintChange], &[u64], Option<i64>); 8] = [
        (&[quarantine(3), quarantine(1)], &[1, 3], None),
        (&[frozen(1)], &[1, 3], Some(1)),
        (&[quarantine(2), frozen(2)], &[1, 2, 3], Some(2)),
        (&[release(9)], &[1, 2, 3], Some(2)),
        (&[release(1), RestraintChange::Freeze(None)], &[2, 3], None),
        (&[quarantine(4), release(4)], &[2, 3], None),
        (&[release(3), quarantine(3)], &[2, 3], None),
        (&[frozen(4), frozen(3)], &[2, 3], Some(3)),
    ];
    let handles = [&store, &second].into_iter().cycle();
    for ((revision, (changes, quarantine, frozen)), store) in (1..).zip(steps).zip(handles) {
        assert_eq!(restrain(store, changes, revision - 1).await, revision);
        let expected = Restraints {
            revision,
            quarantine: quarantine.iter().map(|&n| quarantined(n)).collect(),
            freeze: frozen.map(|n| freeze(n, Stops::Everything)),
        };
        assert_eq!(restraints(&second).await, expected, "{changes:?}");
    }
    let mut again = quarantined(2);
    "again".clone_into(&mut again.reason);
    restrain(&store, &[RestraintChange::Quarantine(again.clone())], 8).await;
    let kept = restraints(&harness.reopen().await).await;
    assert_eq!(kept.quarantine, [again, quarantined(3)], "one for each");
    assert_eq!(kept.freeze, Some(freeze(3, Stops::Everything)));
}

/// Commits a step without a watch, which is decided on `revision`.
async fn restrain(store: &Arc<dyn Store>, changes: &[RestraintChange], revision: u64) -> u64 {
    let step = Step {
        restraints: changes.to_vec(),
        restraints_revision: Some(revision),
        events: vec![event(1)],
        ..Step::default()
    };
    let committed = commit(store, step).await;
    assert_eq!(committed.version, 0, "no watch was changed");
    assert_eq!(committed.events[0].watch, None, "it concerns all");
    committed.restraints_revision
}

async fn restraints(store: &Arc<dyn Store>) -> Restraints {
    let snapshot = store.load(&Scope::Shared).await;
    snapshot.expect("a store that is well loads").restraints
}
