//! The contract of [`Store`], clause by clause.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a clause fails by panicking, and says what it expected"
)]

mod guards;
mod keeps;
mod reads;
pub mod samples;

use std::sync::Arc;

use async_trait::async_trait;
use registrywatcher::deployment::Deployment;
use registrywatcher::event::Event;
use registrywatcher::ports::{
    Committed, DeploymentQuery, EventQuery, EventRange, Scope, Snapshot, Step, Store, StoreError,
};

pub use guards::{
    a_second_active_deployment_of_a_unit_is_unit_busy_and_changes_nothing,
    a_step_at_another_version_than_the_stored_one_is_a_conflict_and_changes_nothing,
    a_step_decided_on_other_restraints_is_a_conflict_and_changes_nothing,
    of_two_steps_at_the_same_version_at_the_same_time_exactly_one_is_committed,
};
pub use keeps::{
    a_cursor_is_remembered_and_never_goes_back,
    what_is_committed_is_loaded_again_equal_in_every_field,
};
pub use reads::{
    deployments_are_found_newest_first_by_id_by_watch_and_page_by_page,
    deployments_that_ended_are_not_loaded_as_open_and_are_still_found,
    events_have_ids_in_the_order_of_their_commits_and_are_found_in_both_directions,
    loading_one_watch_leaves_out_the_others,
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
            deployments_that_ended_are_not_loaded_as_open_and_are_still_found,
            deployments_are_found_newest_first_by_id_by_watch_and_page_by_page,
            events_have_ids_in_the_order_of_their_commits_and_are_found_in_both_directions,
            a_cursor_is_remembered_and_never_goes_back,
            loading_one_watch_leaves_out_the_others,
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
