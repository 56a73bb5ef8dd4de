//! The simulation bites: where a port is broken, the check of the invariant that this breaks says so, and no other one.

use registrywatcher_simulation::Invariant::{self, I1, I2, I3, I4, I5, I6, I7, I8, I9};
use registrywatcher_simulation::{Sabotage, run_and_explain};

/// Some seed out of the first `seeds` breaks `invariant` first, and none breaks another one first.
#[track_caller]
fn breaks(invariant: Invariant, sabotage: Sabotage, seeds: u64) {
    for seed in 0..seeds {
        let outcome = run_and_explain(seed, Some(sabotage));
        match &outcome.violation {
            None => {}
            Some(violation) if violation.invariant == invariant => return,
            Some(_) => panic!(
                "{sabotage:?} was to break {invariant:?}\n{}",
                outcome.tell()
            ),
        }
    }
    panic!("{sabotage:?} breaks nothing in {seeds} seeds");
}

#[test]
fn a_store_that_loses_the_pin_is_caught_by_i1() {
    breaks(I1, Sabotage::LosesPins, 100);
}

#[test]
fn a_store_that_forgets_that_auto_deploy_is_off_is_caught_by_i2() {
    breaks(I2, Sabotage::ForgetsAutoDeployOff, 100);
}

#[test]
fn a_deployer_that_hides_which_tag_runs_is_caught_by_i3() {
    breaks(I3, Sabotage::HidesTags, 200);
}

#[test]
fn a_registry_that_passes_a_partial_listing_for_complete_is_caught_by_i4() {
    breaks(I4, Sabotage::PartialListings, 200);
}

#[test]
fn a_store_that_lets_two_deployments_of_a_unit_be_active_is_caught_by_i5() {
    breaks(I5, Sabotage::SharesUnits, 200);
}

#[test]
fn a_store_that_forgets_the_quarantine_is_caught_by_i6() {
    breaks(I6, Sabotage::ForgetsQuarantine, 100);
}

#[test]
fn a_wake_that_is_lost_is_caught_by_i7() {
    breaks(I7, Sabotage::LosesWakes, 20);
}

#[test]
fn a_deployer_that_starts_a_second_rollout_for_the_same_id_is_caught_by_i8() {
    breaks(I8, Sabotage::AppliesTwice, 100);
}

#[test]
fn a_deployer_that_promotes_what_nobody_asked_for_is_caught_by_i8() {
    breaks(I8, Sabotage::PromotesUnasked, 20);
}

#[test]
fn a_store_that_loses_an_event_is_caught_by_i8() {
    breaks(I8, Sabotage::LosesEvents, 20);
}

#[test]
fn a_store_that_loses_a_request_is_caught_by_i8() {
    breaks(I8, Sabotage::LosesRequests, 100);
}

#[test]
fn a_sink_that_drops_what_it_takes_is_caught_by_i9() {
    breaks(I9, Sabotage::DropsNotifications, 20);
}

#[test]
fn a_cursor_that_skips_an_event_is_caught_by_i9() {
    breaks(I9, Sabotage::SkipsEvents, 20);
}
