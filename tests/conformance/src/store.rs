//! The contract of [`Store`], clause by clause.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a clause fails by panicking, and says what it expected"
)]

mod guards;
mod keeps;
mod leases;
mod reads;
mod restraints;
pub mod samples;
mod sinks;
mod tag_log;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use registrywatcher::deployment::Deployment;
use registrywatcher::event::Event;
use registrywatcher::ports::{
    Committed, DeploymentQuery, EventQuery, EventRange, Scope, Snapshot, Step, Store, StoreError,
};

pub use guards::{
    a_second_active_deployment_of_a_unit_is_unit_busy_and_changes_nothing,
    a_step_at_another_version_than_the_stored_one_is_a_conflict_and_changes_nothing,
    of_two_steps_at_the_same_version_at_the_same_time_exactly_one_is_committed,
};
pub use keeps::what_is_committed_is_loaded_again_equal_in_every_field;
pub use leases::{
    a_configuration_keeps_its_generation_while_it_is_the_latest_and_gets_a_new_one_after_another_was_used,
    a_replica_of_an_older_generation_gets_nothing_while_one_of_a_newer_generation_asks,
    a_resource_is_held_by_one_replica_at_a_time_however_many_ask_at_once,
    a_step_under_a_lease_that_is_not_held_is_lease_lost_and_changes_nothing,
    replicas_share_and_one_that_joins_gets_its_part_from_those_that_have_more,
    what_a_replica_does_not_ask_for_any_more_goes_to_another_once_its_time_has_run_out,
    what_a_replica_hands_back_can_be_had_by_others_at_once,
};
pub use reads::{
    deployments_are_found_newest_first_by_id_by_watch_and_page_by_page,
    deployments_that_ended_are_not_loaded_as_open_and_are_still_found,
    events_have_ids_in_the_order_of_their_commits_and_are_found_in_both_directions,
    loading_one_watch_leaves_out_the_others_and_loading_what_concerns_all_leaves_out_every_watch,
};
pub use restraints::{
    a_step_decided_on_other_restraints_is_a_conflict_and_changes_nothing,
    restraints_change_in_the_order_of_their_steps,
};
pub use sinks::{
    a_cursor_is_remembered_and_never_goes_back,
    a_dead_letter_moves_its_sinks_cursor_is_found_by_sink_and_page_by_page_and_can_be_removed,
};
pub use tag_log::{
    pruning_the_log_of_tags_removes_what_ended_before_and_nothing_that_is_still_so,
    the_log_of_tags_tells_what_was_listed_and_resolved_from_when_to_when,
};

/// One store under test.
#[async_trait]
pub trait StoreHarness: Send + Sync {
    /// The store: fresh and empty.
    fn store(&self) -> Arc<dyn Store>;

    /// Another handle on the same data, as a second process has.
    async fn second(&self) -> Arc<dyn Store>;

    /// Closes every handle where that means something, and opens the same data again.
    async fn reopen(&self) -> Arc<dyn Store>;

    /// Lets time pass for leases.
    async fn pass(&self, time: Duration);
}

/// One `#[tokio::test]` for each clause of the contract of `Store`.
///
/// `harness` is an `async fn() -> impl StoreHarness`. With a `?` behind its name it gives an `Option`, and `None`, for a
/// backend that this machine lacks, passes: see [`backends`](crate::backends).
#[macro_export]
macro_rules! store_suite {
    ($harness:ident) => {
        $crate::store_suite!(@started Some($harness().await));
    };
    ($harness:ident ?) => {
        $crate::store_suite!(@started $harness().await);
    };
    (@started $start:expr) => {
        $crate::store_suite!(@clauses $start;
            what_is_committed_is_loaded_again_equal_in_every_field,
            a_step_at_another_version_than_the_stored_one_is_a_conflict_and_changes_nothing,
            a_step_decided_on_other_restraints_is_a_conflict_and_changes_nothing,
            of_two_steps_at_the_same_version_at_the_same_time_exactly_one_is_committed,
            a_second_active_deployment_of_a_unit_is_unit_busy_and_changes_nothing,
            restraints_change_in_the_order_of_their_steps,
            deployments_that_ended_are_not_loaded_as_open_and_are_still_found,
            deployments_are_found_newest_first_by_id_by_watch_and_page_by_page,
            events_have_ids_in_the_order_of_their_commits_and_are_found_in_both_directions,
            a_cursor_is_remembered_and_never_goes_back,
            a_dead_letter_moves_its_sinks_cursor_is_found_by_sink_and_page_by_page_and_can_be_removed,
            loading_one_watch_leaves_out_the_others_and_loading_what_concerns_all_leaves_out_every_watch,
            a_resource_is_held_by_one_replica_at_a_time_however_many_ask_at_once,
            what_a_replica_does_not_ask_for_any_more_goes_to_another_once_its_time_has_run_out,
            replicas_share_and_one_that_joins_gets_its_part_from_those_that_have_more,
            a_replica_of_an_older_generation_gets_nothing_while_one_of_a_newer_generation_asks,
            what_a_replica_hands_back_can_be_had_by_others_at_once,
            a_step_under_a_lease_that_is_not_held_is_lease_lost_and_changes_nothing,
            a_configuration_keeps_its_generation_while_it_is_the_latest_and_gets_a_new_one_after_another_was_used,
            the_log_of_tags_tells_what_was_listed_and_resolved_from_when_to_when,
            pruning_the_log_of_tags_removes_what_ended_before_and_nothing_that_is_still_so,
        );
    };
    (@clauses $start:expr; $($clause:ident),+ $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $clause() {
            if let Some(harness) = $start {
                $crate::store::$clause(&harness).await;
            }
        }
    )+};
}

/// All that a store gives back, for comparing before and after.
#[derive(Debug, PartialEq)]
struct Everything {
    snapshot: Snapshot,
    deployments: Vec<Deployment>,
    events: Vec<Event>,
}

async fn everything(store: &Arc<dyn Store>) -> Everything {
    Everything {
        snapshot: store
            .load(&Scope::Everything)
            .await
            .expect("a store that is well loads"),
        deployments: all_deployments(store).await,
        events: all_events(store).await,
    }
}

async fn all_deployments(store: &Arc<dyn Store>) -> Vec<Deployment> {
    deployments(
        store,
        &DeploymentQuery {
            limit: 1000,
            ..DeploymentQuery::default()
        },
    )
    .await
}

async fn deployments(store: &Arc<dyn Store>, query: &DeploymentQuery) -> Vec<Deployment> {
    store
        .deployments(query)
        .await
        .expect("a store that is well finds deployments")
}

async fn all_events(store: &Arc<dyn Store>) -> Vec<Event> {
    events(
        store,
        &EventQuery {
            watch: None,
            range: EventRange::After(0),
            limit: 1000,
        },
    )
    .await
}

async fn events(store: &Arc<dyn Store>, query: &EventQuery) -> Vec<Event> {
    store
        .events(query)
        .await
        .expect("a store that is well finds events")
}

async fn commit(store: &Arc<dyn Store>, step: Step) -> Committed {
    store
        .commit(step)
        .await
        .expect("a step that nothing speaks against is committed")
}

/// Runs steps at the same time, each as its own task, over the handles in turn.
async fn commit_at_once(
    handles: &[Arc<dyn Store>],
    steps: Vec<Step>,
) -> Vec<Result<Committed, StoreError>> {
    let tasks = steps
        .into_iter()
        .zip(handles.iter().cycle().cloned())
        .map(|(step, store)| tokio::spawn(async move { store.commit(step).await }));
    let answers = futures::future::join_all(tasks.collect::<Vec<_>>()).await;
    answers
        .into_iter()
        .map(|answer| answer.expect("a commit does not panic"))
        .collect()
}
