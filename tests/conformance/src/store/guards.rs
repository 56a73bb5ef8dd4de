use std::sync::Arc;

use registrywatcher::deployment::{Deployment, RolloutHandle, State};
use registrywatcher::ports::{Committed, Step, Store, StoreError, WatchState};

use super::samples::{applying, deployment, event, moment, name, quarantined, step, unit, watch};
use super::{StoreHarness, commit, commit_at_once, everything};

/// Checks that `step` is refused as `refusal` tells, and that nothing changed.
async fn refuses(store: &Arc<dyn Store>, step: Step, refusal: fn(&StoreError) -> bool, case: &str) {
    let before = everything(store).await;
    match store.commit(step).await {
        Ok(_) => panic!("{case}: the step was committed"),
        Err(error) => assert!(refusal(&error), "{case}: {error}"),
    }
    assert_eq!(
        everything(store).await,
        before,
        "{case}: the step changed something"
    );
}

fn is_conflict(error: &StoreError) -> bool {
    matches!(error, StoreError::Conflict { .. })
}

fn is_unit_busy(error: &StoreError) -> bool {
    matches!(error, StoreError::UnitBusy)
}

/// A step that changes all that a step can.
fn big_step(watch: WatchState, n: u64) -> Step {
    Step {
        deployments: vec![deployment(n, watch.name.as_str(), applying())],
        quarantine: vec![quarantined(n)],
        events: vec![event(n)],
        ..step(watch)
    }
}

/// A step at another version than the stored one is [`StoreError::Conflict`] and changes nothing.
pub async fn a_step_at_another_version_than_the_stored_one_is_a_conflict_and_changes_nothing(
    harness: &impl StoreHarness,
) {
    let store = harness.store();
    let unknown = WatchState {
        version: 1,
        ..watch("web")
    };
    refuses(
        &store,
        big_step(unknown, 1),
        is_conflict,
        "a version of a watch never stored",
    )
    .await;

    commit(&store, big_step(watch("web"), 2)).await;
    commit(
        &store,
        step(WatchState {
            version: 1,
            ..watch("web")
        }),
    )
    .await;
    for (version, case) in [
        (0, "never stored"),
        (1, "an older version"),
        (3, "a later version"),
    ] {
        let stale = WatchState {
            version,
            retired: true,
            ..watch("web")
        };
        refuses(&store, big_step(stale, 3), is_conflict, case).await;
    }
    let current = WatchState {
        version: 2,
        ..watch("web")
    };
    assert_eq!(commit(&store, big_step(current, 3)).await.version, 3);
}

/// A step decided on another quarantine is [`StoreError::Conflict`] and changes nothing.
pub async fn a_step_decided_on_another_quarantine_is_a_conflict_and_changes_nothing(
    harness: &impl StoreHarness,
) {
    let store = harness.store();
    let on = |revision, n| Step {
        quarantine_revision: Some(revision),
        ..big_step(watch(&format!("web-{n}")), n)
    };
    assert_eq!(commit(&store, on(0, 1)).await.quarantine_revision, 1);
    refuses(&store, on(0, 2), is_conflict, "an older revision").await;
    refuses(&store, on(2, 2), is_conflict, "a later revision").await;
    assert_eq!(commit(&store, on(1, 2)).await.quarantine_revision, 2);
    let unaware = step(watch("unaware"));
    assert_eq!(
        commit(&store, unaware).await.quarantine_revision,
        2,
        "nothing was quarantined"
    );

    let handles = [store, harness.second().await];
    let answers = commit_at_once(&handles, (3..11).map(|n| on(2, n)).collect()).await;
    exactly_one_committed(&answers, is_conflict);
    let quarantine = everything(&handles[0]).await.snapshot.quarantine;
    assert_eq!((quarantine.revision, quarantine.entries.len()), (3, 3));
}

/// Of two steps at the same version at the same time exactly one is committed.
pub async fn of_two_steps_at_the_same_version_at_the_same_time_exactly_one_is_committed(
    harness: &impl StoreHarness,
) {
    let handles = [harness.store(), harness.second().await];
    for version in 0..6 {
        let step = |n: u64| Step {
            deployments: vec![deployment(version * 8 + n, "web", State::Requested)],
            events: vec![event(version * 8 + n)],
            ..step(WatchState {
                version,
                ..watch("web")
            })
        };
        let answers = commit_at_once(&handles, (0..8).map(step).collect()).await;
        let winner = exactly_one_committed(&answers, is_conflict);
        assert_eq!(winner.version, version + 1);

        let after = everything(&handles[1]).await;
        let told: Vec<_> = after.events.iter().rev().take(1).cloned().collect();
        assert_eq!(told, winner.events, "the last event is the winner's");
        let count = usize::try_from(version + 1).expect("a handful of rounds");
        assert_eq!(
            (after.events.len(), after.deployments.len()),
            (count, count)
        );
    }
}

#[track_caller]
fn exactly_one_committed(
    answers: &[Result<Committed, StoreError>],
    refusal: fn(&StoreError) -> bool,
) -> &Committed {
    let (committed, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.is_ok());
    for error in refused.iter().filter_map(|answer| answer.as_ref().err()) {
        assert!(refusal(error), "refused for another reason: {error}");
    }
    match committed[..] {
        [Ok(winner)] => winner,
        _ => panic!(
            "{} of {} steps were committed",
            committed.len(),
            answers.len()
        ),
    }
}

/// A second active deployment of a unit is [`StoreError::UnitBusy`] and changes nothing.
pub async fn a_second_active_deployment_of_a_unit_is_unit_busy_and_changes_nothing(
    harness: &impl StoreHarness,
) {
    let store = harness.store();
    let of_unit = |n, watch: &str, state| Deployment {
        unit: unit("default/web"),
        ..deployment(n, watch, state)
    };
    let with = |watch: WatchState, deployments| Step {
        deployments,
        events: vec![event(1)],
        ..step(watch)
    };
    commit(
        &store,
        with(watch("web"), vec![of_unit(1, "web", applying())]),
    )
    .await;
    let handle = || RolloutHandle("7".to_owned());
    let rolling = State::Rolling {
        since: moment(3),
        handle: handle(),
    };
    let waiting = State::AwaitingPromotion {
        since: moment(3),
        handle: handle(),
    };
    for active in [applying(), rolling.clone(), waiting] {
        let case = active.name();
        let second = with(watch("other"), vec![of_unit(2, "other", active)]);
        refuses(&store, second, is_unit_busy, case).await;
    }
    let twice = vec![of_unit(3, "x", applying()), of_unit(4, "x", rolling)];
    let twice = twice.into_iter().map(|row| Deployment {
        unit: unit("default/free"),
        ..row
    });
    let twice = with(watch("x"), twice.collect());
    refuses(&store, twice, is_unit_busy, "both in one step").await;

    commit(
        &store,
        with(watch("other"), vec![of_unit(2, "other", State::Requested)]),
    )
    .await;
    let ended = of_unit(1, "web", State::Succeeded { at: moment(9) });
    let successor = vec![of_unit(5, "web", applying()), ended];
    commit(
        &store,
        with(
            WatchState {
                version: 1,
                ..watch("web")
            },
            successor,
        ),
    )
    .await;

    let handles = [store, harness.second().await];
    let rivals = (10..18).map(|n| {
        let watch = watch(&format!("rival-{n}"));
        let rival = deployment(n, watch.name.as_str(), applying());
        with(
            watch,
            vec![Deployment {
                unit: unit("default/contended"),
                ..rival
            }],
        )
    });
    let answers = commit_at_once(&handles, rivals.collect()).await;
    let winner = exactly_one_committed(&answers, is_unit_busy);
    let snapshot = everything(&handles[1]).await.snapshot;
    let active = snapshot
        .open
        .iter()
        .filter(|row| row.unit == unit("default/contended"));
    let active: Vec<_> = active.map(|row| &row.watch).collect();
    assert_eq!(active, [&winner.events[0].watch]);
    assert!(snapshot.watches.iter().any(|row| row.name == name("other")));
}
