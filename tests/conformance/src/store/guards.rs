use std::sync::Arc;

use registrywatcher::deployment::{Deployment, State};
use registrywatcher::ports::{Committed, Step, Store, StoreError, WatchState};

use super::samples::{
    applying, at_version, deployment, event, every_state, moment, quarantine, step, unit, watch,
};
use super::{StoreHarness, commit, commit_at_once, everything};

/// Checks that `step` is refused as `refusal` tells, and that nothing changed.
pub(super) async fn refuses(
    store: &Arc<dyn Store>,
    step: Step,
    refusal: fn(&StoreError) -> bool,
    case: &str,
) {
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

pub(super) fn is_conflict(error: &StoreError) -> bool {
    matches!(error, StoreError::Conflict { .. })
}

fn is_unit_busy(error: &StoreError) -> bool {
    matches!(error, StoreError::UnitBusy)
}

/// A step that changes all that a step can.
pub(super) fn big_step(watch: WatchState, n: u64) -> Step {
    Step {
        deployments: vec![deployment(n, watch.name.as_str(), applying())],
        restraints: vec![quarantine(n)],
        events: vec![event(n)],
        ..step(watch)
    }
}

/// A step at another version than the stored one is [`StoreError::Conflict`] and changes nothing.
pub async fn a_step_at_another_version_than_the_stored_one_is_a_conflict_and_changes_nothing(
    harness: &impl StoreHarness,
) {
    let store = harness.store();
    let unknown = big_step(at_version("web", 1), 1);
    refuses(&store, unknown, is_conflict, "a watch never stored").await;

    commit(&store, big_step(watch("web"), 2)).await;
    commit(&store, step(at_version("web", 1))).await;
    for (version, case) in [
        (0, "as if never stored"),
        (1, "an older one"),
        (3, "a later one"),
    ] {
        let mut stale = at_version("web", version);
        stale.retired = true;
        refuses(&store, big_step(stale, 3), is_conflict, case).await;
    }
    let current = big_step(at_version("web", 2), 3);
    assert_eq!(commit(&store, current).await.version, 3);
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
            ..step(at_version("web", version))
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
pub(super) fn exactly_one_committed(
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
    let first = of_unit("default/web", 1, "web", applying());
    commit(&store, deploying(watch("web"), vec![first.clone()])).await;
    for active in every_active_state() {
        let case = active.name();
        let second = vec![of_unit("default/web", 2, "other", active)];
        let second = deploying(watch("other"), second);
        refuses(&store, second, is_unit_busy, case).await;
    }
    let twice = [3, 4].map(|n| of_unit("default/free", n, "x", applying()));
    let twice = deploying(watch("x"), twice.to_vec());
    refuses(&store, twice, is_unit_busy, "both in one step").await;

    let waiting = of_unit("default/web", 2, "other", State::Requested);
    commit(&store, deploying(watch("other"), vec![waiting])).await;
    let ended = State::Succeeded { at: moment(9) };
    let ended = Deployment {
        state: ended,
        ..first
    };
    let successor = of_unit("default/web", 5, "web", applying());
    commit(
        &store,
        deploying(at_version("web", 1), vec![successor, ended]),
    )
    .await;

    let handles = [store, harness.second().await];
    of_many_at_once_one_gets_the_unit(&handles).await;
}

async fn of_many_at_once_one_gets_the_unit(handles: &[Arc<dyn Store>; 2]) {
    let rivals = (10..18).map(|n| {
        let name = format!("rival-{n}");
        let rival = of_unit("default/contended", n, &name, applying());
        deploying(watch(&name), vec![rival])
    });
    let answers = commit_at_once(handles, rivals.collect()).await;
    let winner = exactly_one_committed(&answers, is_unit_busy);

    let open = everything(&handles[1]).await.snapshot.open;
    let contended = unit("default/contended");
    let active = open.iter().filter(|row| row.unit == contended);
    let active: Vec<_> = active.map(|row| Some(row.watch.clone())).collect();
    assert_eq!(active, [winner.events[0].watch.clone()]);
}

fn every_active_state() -> Vec<State> {
    every_state().into_iter().filter(State::is_active).collect()
}

fn of_unit(inside: &str, n: u64, watch: &str, state: State) -> Deployment {
    let unit = unit(inside);
    Deployment {
        unit,
        ..deployment(n, watch, state)
    }
}

fn deploying(watch: WatchState, deployments: Vec<Deployment>) -> Step {
    let events = vec![event(1)];
    Step {
        deployments,
        events,
        ..step(watch)
    }
}
