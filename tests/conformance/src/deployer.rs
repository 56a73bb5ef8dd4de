//! The suite of the Deployer port: [`deployer_suite!`](crate::deployer_suite).

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a clause panics where its contract is broken"
)]

mod answers;
mod capabilities;
mod harness;
mod refusals;
mod resumption;
mod rollouts;
mod writers;

pub use answers::*;
pub use capabilities::*;
pub use harness::{DeployerHarness, Moment, apply, follow_to_end, roll_out};
pub use refusals::*;
pub use resumption::*;
pub use rollouts::*;
pub use writers::*;

/// Runs every clause of the Deployer port's contract over an adapter, one named test each.
///
/// `$harness` is the path of an `async fn() -> impl DeployerHarness`; or, after `optional`, of one that gives `None` where its
/// orchestrator is not installed.
#[macro_export]
macro_rules! deployer_suite {
    (optional $harness:path) => {
        $crate::deployer_suite! { @suite $harness, optional }
    };
    ($harness:path) => {
        $crate::deployer_suite! { @suite $harness, present }
    };
    (@suite $harness:path, $there:ident) => {
        $crate::deployer_suite! { @clauses $harness, $there =>
            unit_names_what_rolls_as_one_and_refuses_an_address_it_cannot_read,
            running_tells_an_image_from_none_and_from_an_unknown_workload,
            ok_of_apply_means_accepted_not_finished,
            applying_the_same_deployment_twice_starts_one_rollout,
            an_unknown_workload_is_not_found_and_never_unavailable,
            a_rollout_that_becomes_healthy_succeeds_and_is_what_runs,
            a_rollout_that_fails_says_whether_what_ran_before_runs_again,
            a_rollout_can_be_followed_from_its_handle_alone,
            a_rollout_that_was_let_go_is_taken_up_by_another_instance,
            what_was_applied_before_a_crash_is_not_begun_anew,
            follow_returns_within_about_a_minute,
            a_forced_rollout_replaces_what_runs_the_image_already,
            a_rollout_that_waits_at_its_canaries_goes_on_once_promoted,
            what_does_not_wait_for_a_promotion_is_not_promoted,
            an_edit_between_our_read_and_our_write_is_not_lost,
            an_edit_during_a_rollout_is_not_lost,
            a_deployment_by_somebody_else_is_not_overwritten,
            a_deployment_by_somebody_else_supersedes_ours,
            credentials_that_the_orchestrator_refuses_are_told_as_such,
            an_image_that_may_not_be_pulled_is_not_to_blame,
            discover_finds_what_asks_to_be_watched_and_nothing_else,
            capabilities_claim_neither_more_nor_less_than_is_done,
            an_orchestrator_that_is_down_is_unavailable,
        }
    };
    (@clauses $harness:path, optional => $($clause:ident,)+) => {$(
        #[tokio::test]
        async fn $clause() {
            if let Some(harness) = $harness().await {
                $crate::deployer::$clause(harness).await;
            }
        }
    )+};
    (@clauses $harness:path, present => $($clause:ident,)+) => {$(
        #[tokio::test]
        async fn $clause() {
            $crate::deployer::$clause($harness().await).await;
        }
    )+};
}
