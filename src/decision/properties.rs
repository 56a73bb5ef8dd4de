//! The invariants of the design, over histories: sequences of moves of a registry, an operator and an orchestrator.

mod model;

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{TestCaseError, TestRunner};

use super::{AdoptMode, Cause, Decision, Facts, HoldReason, decide};
use crate::deployment::{Origin, State};
use crate::intent::Target;
use crate::watch::DriftMode;
use model::{Build, Checked, Fault, Model, Move, Setting, Turn, minor};

/// What stays the same, and what happens; after each move the registry and the deployers are asked, perhaps in vain.
#[derive(Debug)]
struct History {
    setting: Setting,
    moves: Vec<(Move, Fault)>,
}

impl History {
    fn play(&self, mut check: impl FnMut(&Turn<'_>) -> Checked) -> Result<Model, TestCaseError> {
        let mut model = Model::new(&self.setting);
        for (next, fault) in &self.moves {
            model.turn(next, *fault, &mut check)?;
        }
        Ok(model)
    }
}

fn histories() -> impl Strategy<Value = History> {
    let setting = (
        any::<bool>(),
        prop_oneof![Just(DriftMode::Hold), Just(DriftMode::Correct)],
        prop_oneof![Just(AdoptMode::Assume), Just(AdoptMode::Redeploy)],
        any::<bool>(),
    )
        .prop_map(|(parallel, drift, adopt, knows_platform)| Setting {
            parallel,
            drift,
            adopt,
            knows_platform,
        });
    let moves = prop::collection::vec((moves(), faults()), 1..40);
    (setting, moves).prop_map(|(setting, moves)| History { setting, moves })
}

fn faults() -> impl Strategy<Value = Fault> {
    prop_oneof![
        9 => Just(Fault::None),
        1 => Just(Fault::Listing),
        1 => Just(Fault::Resolving),
        1 => Just(Fault::Orchestrator),
    ]
}

fn moves() -> impl Strategy<Value = Move> {
    let minor = || 0..5_u8;
    let place = || 0..2_usize;
    let build = (0..6_u8, 0..2_u8).prop_map(|(program, signature)| Build { program, signature });
    prop_oneof![
        8 => (minor(), build).prop_map(|(minor, build)| Move::Push(minor, build)),
        2 => minor().prop_map(Move::Delete),
        1 => minor().prop_map(Move::Pin),
        1 => Just(Move::Track),
        1 => any::<bool>().prop_map(Move::AutoDeploy),
        1 => Just(Move::OperatorHold),
        1 => Just(Move::Release),
        1 => (minor(), prop::option::of(place())).prop_map(|(minor, only)| Move::Ask(minor, only)),
        8 => place().prop_map(Move::Succeed),
        1 => place().prop_map(Move::AwaitPromotion),
        2 => (place(), any::<bool>(), any::<bool>()).prop_map(|(place, blames_image, restored)| {
            Move::Fail { place, blames_image, restored }
        }),
        2 => (place(), minor(), any::<bool>()).prop_map(|(place, minor, pinned)| {
            Move::Outside { place, minor, pinned }
        }),
        1 => Just(Move::ReleaseQuarantine),
        1 => (1..60_u16).prop_map(Move::Freeze),
        4 => (1..900_u16).prop_map(Move::Wait),
    ]
}

proptest! {
    #[test]
    fn a_remembered_pick_never_changes_a_decision(history in histories()) {
        history.play(|turn| {
            let anew = decide(&Facts { pick: None, ..*turn.facts });
            prop_assert_eq!(turn.decision, &anew);
            Ok(())
        })?;
    }

    #[test]
    fn i1_a_pinned_watch_is_never_brought_to_another_tag(history in histories()) {
        history.play(|turn| {
            if let (Some(deploy), Target::Pin(tag)) = (turn.automatic(), &turn.facts.intent.target) {
                prop_assert_eq!(&deploy.candidate.tag, tag);
            }
            Ok(())
        })?;
    }

    #[test]
    fn i2_with_auto_deploy_off_nothing_deploys_by_itself(history in histories()) {
        history.play(|turn| {
            if turn.automatic().is_some() {
                prop_assert!(turn.model.intent.auto_deploy);
            }
            Ok(())
        })?;
    }

    #[test]
    fn i3_a_tracked_watch_never_goes_to_a_lower_version_by_itself(history in histories()) {
        history.play(|turn| {
            let place = &turn.model.places[turn.place];
            let deployed = place.success.as_ref().map(|success| &success.candidate.tag);
            let adopted = place.adopted.as_ref().map(|adopted| &adopted.candidate.tag);
            let from = turn.facts.runs.tag().or(deployed).or(adopted);
            if let (Some(deploy), Target::Track, Some(from)) =
                (turn.automatic(), &turn.model.intent.target, from)
            {
                prop_assert!(minor(&deploy.candidate.tag) >= minor(from), "from {from}");
            }
            Ok(())
        })?;
    }

    #[test]
    fn i4_a_failed_observation_never_deploys(history in histories()) {
        history.play(|turn| {
            if turn.automatic().is_some() {
                prop_assert_ne!(turn.fault, Fault::Resolving);
                prop_assert_ne!(turn.fault, Fault::Orchestrator);
                let needs_listing = turn.model.intent.target == Target::Track;
                prop_assert!(!(needs_listing && turn.fault == Fault::Listing));
            }
            Ok(())
        })?;
    }

    #[test]
    fn i5_at_most_one_deployment_of_a_unit_goes_on(history in histories()) {
        history.play(|turn| {
            let open = turn.model.places[turn.place].in_flight.as_ref();
            if let (Decision::Deploy(deploy), Some(open)) = (turn.decision, open) {
                prop_assert_eq!(deploy.supersedes, Some(open.id));
                let is_unpromoted = matches!(open.state, State::AwaitingPromotion { .. });
                prop_assert!(is_unpromoted || turn.automatic().is_none());
            }
            Ok(())
        })?;
    }

    #[test]
    fn i6_a_quarantined_image_is_not_deployed_by_itself(history in histories()) {
        history.play(|turn| {
            if let Some(deploy) = turn.automatic() {
                let program = turn.model.programs[&deploy.candidate.image.digest];
                prop_assert!(!turn.model.quarantined.contains(&program));
            }
            Ok(())
        })?;
    }

    #[test]
    fn only_what_worked_before_is_brought_back_and_only_after_a_failure(history in histories()) {
        history.play(|turn| {
            if let Some(deploy) = turn.restore() {
                let place = &turn.model.places[turn.place];
                let failed = place.failed.as_ref();
                let is_left = failed.is_some_and(|f| !f.restored && f.reason.blames_image());
                prop_assert!(is_left);
                let before = place.success.as_ref().map(|success| &success.candidate);
                let before = before.or(place.adopted.as_ref().map(|adopted| &adopted.candidate));
                prop_assert_eq!(before, Some(&deploy.candidate));
                let program = turn.model.programs[&deploy.candidate.image.digest];
                prop_assert!(!turn.model.quarantined.contains(&program));
            }
            Ok(())
        })?;
    }

    #[test]
    fn nothing_new_is_deployed_while_everything_is_frozen(history in histories()) {
        history.play(|turn| {
            let freeze = turn.model.freeze.as_ref();
            let frozen = freeze.is_some_and(|freeze| freeze.is_active(turn.facts.now));
            prop_assert!(!(frozen && matches!(turn.decision, Decision::Deploy(_))));
            Ok(())
        })?;
    }

    #[test]
    fn i7_at_rest_every_workload_comes_to_run_the_wanted_image(history in histories(), pin: bool) {
        let mut model = history.play(|_| Ok(()))?;
        settle(&mut model, if pin { Move::Pin(NEWEST) } else { Move::Track })?;
        for place in &model.places {
            let running = place.running.as_ref().and_then(|running| running.image.digest());
            prop_assert_eq!(running, Some(&FRESH.image().digest), "{}", &place.workload);
        }
    }

    #[test]
    fn workloads_roll_out_in_their_order(history in histories()) {
        history.play(|turn| {
            let (Decision::Deploy(deploy), 1) = (turn.decision, turn.place) else {
                return Ok(());
            };
            let is_single = turn.facts.request.is_some_and(|request| request.single);
            // What is brought back ran here before, whatever the workloads before it run by now.
            let is_new = turn.restore().is_none();
            if !turn.model.watch.parallel && !is_single && is_new {
                let first = turn.model.runs(0, turn.fault);
                prop_assert!(first.is_running(&deploy.candidate.image));
                prop_assert_ne!(first.origin(), Some(Origin::Assumed));
            }
            Ok(())
        })?;
    }

    #[test]
    fn what_is_up_to_date_runs_what_is_wanted(history in histories()) {
        history.play(|turn| {
            if let Decision::UpToDate { candidate } = turn.decision {
                let program = |digest| turn.model.programs.get(digest);
                let running = turn.facts.runs.image().map(|image| &image.digest);
                prop_assert_eq!(running.and_then(program), program(&candidate.image.digest));
            }
            Ok(())
        })?;
    }

    #[test]
    fn every_hold_has_a_reason_and_ends_in_the_future_if_it_ends_with_time(history in histories()) {
        history.play(|turn| {
            if let Decision::Hold(hold) = turn.decision {
                prop_assert!(!hold.reasons.is_empty());
                prop_assert!(hold.earliest.is_none_or(|earliest| earliest > turn.facts.now));
            }
            Ok(())
        })?;
    }

    #[test]
    fn the_same_facts_give_the_same_decision(history in histories()) {
        history.play(|turn| {
            prop_assert_eq!(&decide(turn.facts), turn.decision);
            Ok(())
        })?;
    }
}

/// A version above all others, and what is pushed under it when everything rests.
const NEWEST: u8 = 99;
const FRESH: Build = Build {
    program: 99,
    signature: 0,
};

/// Opens every gate, pushes something new, and lets everything succeed: one round for what still rolls out, and one for
/// each workload.
fn settle(model: &mut Model, target: Move) -> Checked {
    let opening = [
        Move::Release,
        Move::ReleaseQuarantine,
        Move::AutoDeploy(true),
        Move::Push(NEWEST, FRESH),
        target,
    ];
    let round = [Move::Succeed(0), Move::Succeed(1), Move::Wait(3600)];
    let rounds = round
        .iter()
        .cycle()
        .take(round.len() * (1 + model.places.len()));
    for next in opening.iter().chain(rounds) {
        model.turn(next, Fault::None, &mut |_| Ok(()))?;
    }
    let mut undecided = Vec::new();
    model.turn(&Move::Wait(1), Fault::None, &mut |turn| {
        if !matches!(turn.decision, Decision::UpToDate { .. }) {
            undecided.push(format!("{:?}", turn.decision));
        }
        Ok(())
    })?;
    prop_assert!(undecided.is_empty(), "not settled: {undecided:?}");
    Ok(())
}

/// Without this, a property could hold because its case never comes up.
#[test]
fn histories_come_to_every_kind_of_decision() {
    let mut runner = TestRunner::deterministic();
    let mut kinds = BTreeSet::new();
    for _ in 0..1024 {
        let history = histories().new_tree(&mut runner).unwrap().current();
        history
            .play(|turn| {
                kinds.extend(kinds_of(turn.decision));
                Ok(())
            })
            .unwrap();
    }
    let expected: BTreeSet<&str> = [
        "up_to_date",
        "forced",
        "supersedes",
        "requested",
        "pin_changed",
        "newer_version",
        "digest_changed",
        "restore",
        "drift",
        "first_deploy",
        "registry_unknown",
        "no_candidate",
        "pinned_tag_missing",
        "running_unknown",
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
    ]
    .into();
    assert_eq!(kinds, expected);
}

fn kinds_of(decision: &Decision) -> Vec<&'static str> {
    match decision {
        Decision::UpToDate { .. } => vec!["up_to_date"],
        Decision::Deploy(deploy) => [
            Some(Cause::name(&deploy.cause)),
            deploy.forced.then_some("forced"),
            deploy.supersedes.map(|_| "supersedes"),
        ]
        .into_iter()
        .flatten()
        .collect(),
        Decision::Hold(hold) => hold.reasons.iter().map(HoldReason::name).collect(),
    }
}
