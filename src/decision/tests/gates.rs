use super::*;
use crate::freeze::Stops;

#[test]
fn each_gate_closes_alone() {
    let case = |case, change: fn(&mut World), reason: &str| {
        holds(case, &with_newer(change), &[reason]);
    };
    case(
        "nobody knows what runs",
        |w| {
            w.runs = Runs::Unknown {
                why: "no leader".into(),
            }
        },
        "running_unknown",
    );
    case(
        "a watch that observes",
        |w| w.watch.mode = Mode::Observe,
        "observe_only",
    );
    case(
        "auto-deploy is off",
        |w| w.intent.auto_deploy = false,
        "auto_deploy_off",
    );
    case(
        "a higher version runs",
        |w| w.deployed("2.0.0", image(8)),
        "would_downgrade",
    );
    case(
        "held by an operator",
        |w| w.hold_past(Some(candidate("1.1.0", image(2)))),
        "operator_hold",
    );
    case(
        "somebody else deployed since",
        |w| {
            w.deployed("1.1.0", image(2));
            w.runs(Some("1.0.0"), Some(image(1)), Origin::Outside);
        },
        "changed_outside",
    );
    case(
        "the image failed before",
        |w| w.quarantine("1.1.0", image(2)),
        "quarantined",
    );
    case(
        "it was rolled back",
        |w| w.rolled_back("1.1.0", image(2)),
        "rolled_back",
    );
    case("frozen", |w| w.freeze(60, Stops::Everything), "frozen");
    case(
        "the one before lags behind",
        |w| w.comes_after("staging", Runs::Nothing),
        "waits_for",
    );
    case(
        "the last one was just now",
        |w| w.last_automatic = Some(w.now),
        "backing_off",
    );
    case(
        "one is rolling out",
        |w| w.rolls_out("1.0.0", image(1), rolling()),
        "in_flight",
    );
}

#[test]
fn every_closed_gate_is_reported() {
    let world = with_newer(|w| {
        w.watch.mode = Mode::Observe;
        w.intent.auto_deploy = false;
        w.deployed("2.0.0", image(8));
        w.runs(Some("2.1.0"), Some(image(9)), Origin::Outside);
        w.hold_past(Some(candidate("1.1.0", image(2))));
        w.quarantine("1.1.0", image(2));
        w.rolled_back("1.1.0", image(2));
        w.freeze(60, Stops::Automatic);
        w.comes_after("staging", Runs::Nothing);
        w.last_automatic = Some(w.now);
        w.rolls_out("2.0.0", image(8), rolling());
    });
    let hold = holds(
        "all at once",
        &world,
        &[
            "observe_only",
            "auto_deploy_off",
            "would_downgrade",
            "operator_hold",
            "changed_outside",
            "quarantined",
            "rolled_back",
            "frozen",
            "waits_for",
            "backing_off",
            "in_flight",
        ],
    );
    assert_eq!(
        hold.candidate,
        Some(candidate("1.1.0", image(2))),
        "what would be deployed"
    );
    assert_eq!(hold.earliest, None, "most of it does not pass with time");
}

#[test]
fn a_hold_carries_what_its_reasons_are_about() {
    let reasons = |change: fn(&mut World)| match with_newer(change).decide() {
        Decision::Hold(hold) => hold.reasons,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        reasons(|w| w.deployed("2.0.0", image(8))),
        [HoldReason::WouldDowngrade {
            from: tag("2.0.0"),
            to: tag("1.1.0")
        }]
    );
    assert_eq!(
        reasons(|w| w.hold_past(Some(candidate("1.1.0", image(2))))),
        [HoldReason::OperatorHold {
            by: author("kim"),
            reason: "incident".into()
        }]
    );
    assert_eq!(
        reasons(|w| w.quarantine("1.1.0", image(2))),
        [HoldReason::Quarantined {
            deployment: deployment_id(5),
            reason: "exited with 1".into()
        }]
    );
    assert_eq!(
        reasons(|w| w.comes_after("staging", Runs::Nothing)),
        [HoldReason::WaitsFor {
            workload: workload("staging")
        }]
    );
    assert_eq!(
        reasons(|w| w.rolls_out("1.0.0", image(1), rolling())),
        [HoldReason::InFlight {
            deployment: deployment_id(9)
        }]
    );
    assert_eq!(
        reasons(|w| w.runs = Runs::Unknown {
            why: "no leader".into()
        }),
        [HoldReason::RunningUnknown {
            why: "no leader".into()
        }]
    );
}

#[test]
fn auto_deploy_switched_back_on_acts_at_once() {
    let mut world = with_newer(|w| w.intent.auto_deploy = false);
    holds("off", &world, &["auto_deploy_off"]);
    world.intent.auto_deploy = true;
    deploys(
        "on, with no news from the registry",
        &world,
        "1.1.0",
        newer("1.0.0", "1.1.0"),
    );
}

#[test]
fn auto_deploy_off_holds_a_pinned_watch_too() {
    let world = World::after(|w| {
        w.pin("1.0.0");
        w.push("1.0.0", image(2));
        w.intent.auto_deploy = false;
    });
    holds("pinned and pushed again", &world, &["auto_deploy_off"]);
}
