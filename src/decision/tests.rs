use super::*;
use crate::deployment::{DeploymentId, Setback};
use crate::image::Image;
use crate::policy::Order;

pub(super) mod world;

use world::{
    World, at, author, awaiting_promotion, candidate, deployment_id, image, index, policy, rolling,
    something, tag, watch, workload,
};

#[track_caller]
fn up_to_date(case: &str, world: &World) {
    let decision = world.decide();
    assert!(
        matches!(decision, Decision::UpToDate { .. }),
        "{case}: {decision:?}"
    );
}

#[track_caller]
fn deploys(case: &str, world: &World, text: &str, cause: Cause) -> Deploy {
    match world.decide() {
        Decision::Deploy(deploy) => {
            assert_eq!(
                (&deploy.candidate.tag, &deploy.cause),
                (&tag(text), &cause),
                "{case}"
            );
            deploy
        }
        other => panic!("{case}: {other:?}"),
    }
}

/// Holds for exactly these reasons.
#[track_caller]
fn holds(case: &str, world: &World, reasons: &[&str]) -> Hold {
    match world.decide() {
        Decision::Hold(hold) => {
            let names: Vec<&str> = hold.reasons.iter().map(HoldReason::name).collect();
            assert_eq!(names, reasons, "{case}");
            hold
        }
        other => panic!("{case}: {other:?}"),
    }
}

fn newer(from: &str, to: &str) -> Cause {
    Cause::NewerVersion {
        from: tag(from),
        to: tag(to),
    }
}

fn requested() -> Cause {
    Cause::Requested { by: author("kim") }
}

fn digest_changed(text: &str) -> Cause {
    Cause::DigestChanged { tag: tag(text) }
}

/// A settled world in which `1.1.0` appeared, which is `image(2)`.
fn with_newer(change: impl FnOnce(&mut World)) -> World {
    World::after(|w| {
        w.push("1.1.0", image(2));
        change(w);
    })
}

mod wanted {
    use super::*;

    #[test]
    fn nothing_is_wanted_while_the_registry_is_unknown() {
        let case = |case, change: fn(&mut World)| {
            holds(case, &World::after(change), &["registry_unknown"]);
        };
        case("not asked yet", |w| w.observation = Observation::default());
        case("the last listing failed", |w| w.fail_listing());
        case("the last resolution failed", |w| w.fail_resolving("1.0.0"));
        case("the pinned tag was not asked for yet", |w| w.pin("1.1.0"));
        case("asking for the pinned tag failed", |w| {
            w.pin("1.0.0");
            w.fail_resolving("1.0.0");
        });
        case("asking for the fixed tag failed", |w| {
            w.watch.policy = policy(Order::Tag(tag("1.0.0")));
            w.fail_resolving("1.0.0");
        });
    }

    #[test]
    fn a_registry_fault_is_told_in_its_own_words() {
        let hold = holds(
            "listing failed",
            &World::after(World::fail_listing),
            &["registry_unknown"],
        );
        assert_eq!(
            hold.reasons,
            [HoldReason::RegistryUnknown {
                why: "timed out".into()
            }]
        );
        assert_eq!(
            (hold.candidate, hold.cause, hold.earliest),
            (None, None, None)
        );
    }

    #[test]
    fn no_admitted_tag_is_no_candidate() {
        let case = |case, change: fn(&mut World)| {
            holds(case, &World::after(change), &["no_candidate"]);
        };
        case("no tag in range", |w| {
            w.watch.policy = policy(Order::semver("^2").unwrap())
        });
        case("no tag at all", |w| w.delete("1.0.0"));
        case("the fixed tag is missing", |w| {
            w.watch.policy = policy(Order::Tag(tag("latest")));
            w.delete("latest");
        });
        case("gone between listing and resolution", |w| {
            w.observation
                .record_resolution(&tag("1.0.0"), w.now, Ok(None));
        });
    }

    #[test]
    fn a_pinned_tag_that_is_gone_holds_the_watch() {
        let world = World::after(|w| {
            w.pin("1.0.0");
            w.delete("1.0.0");
        });
        let hold = holds("pinned tag gone", &world, &["pinned_tag_missing"]);
        assert_eq!(
            hold.reasons,
            [HoldReason::PinnedTagMissing { tag: tag("1.0.0") }]
        );
    }

    #[test]
    fn a_single_tag_needs_no_listing() {
        let world = with_newer(|w| {
            w.pin("1.1.0");
            w.fail_listing();
        });
        deploys("pinned", &world, "1.1.0", Cause::PinChanged);

        let world = World::after(|w| {
            w.watch.policy = policy(Order::Tag(tag("1.0.0")));
            w.push("1.0.0", image(2));
            w.fail_listing();
        });
        deploys(
            "fixed by the policy",
            &world,
            "1.0.0",
            digest_changed("1.0.0"),
        );
    }

    #[test]
    fn a_request_carries_its_own_digest_and_needs_no_observation() {
        let world = World::after(|w| {
            w.observation = Observation::default();
            w.request("0.9.0", image(7));
        });
        let deploy = deploys("nothing observed", &world, "0.9.0", requested());
        assert_eq!(deploy.candidate, candidate("0.9.0", image(7)));

        let world = World::after(|w| {
            w.pin("1.0.0");
            w.delete("1.0.0");
            w.request("1.0.0", image(7));
        });
        deploys("the tag is gone by now", &world, "1.0.0", requested());
    }

    #[test]
    fn the_spelling_that_was_deployed_stays() {
        up_to_date(
            "an alias appears",
            &World::after(|w| w.push("v1.0.0", image(2))),
        );
    }
}

mod up_to_date {
    use super::*;

    const BOTH: [(&str, u8); 2] = [("linux/amd64", 10), ("linux/arm64", 11)];

    #[test]
    fn what_runs_and_is_wanted_is_left_alone() {
        up_to_date("by us", &World::settled());
        let case = |case, change: fn(&mut World)| up_to_date(case, &World::after(change));
        case("by somebody else", |w| {
            w.runs(Some("1.0.0"), Some(image(1)), Origin::Outside)
        });
        case("under no tag", |w| {
            w.runs(None, Some(image(1)), Origin::Outside)
        });
        case("under another tag", |w| w.push("1.1.0", image(1)));
        case("never deployed by us", |w| {
            w.never_deployed();
            w.runs(None, Some(image(1)), Origin::Outside);
        });
        case("whatever the gates say", |w| {
            w.intent.auto_deploy = false;
            w.quarantine("1.0.0", image(1));
            w.hold_past(None);
        });
    }

    #[test]
    fn a_new_signature_is_no_update() {
        let world = World::after(|w| {
            w.deployed("1.0.0", index(1, &BOTH));
            w.push("1.0.0", index(2, &BOTH));
        });
        up_to_date("re-signed, platform unknown", &world);
    }

    #[test]
    fn only_the_platform_that_runs_counts() {
        let rebuilt = |platform| {
            World::after(|w| {
                w.deployed("1.0.0", index(1, &BOTH));
                w.runs_on(platform);
                w.push(
                    "1.0.0",
                    index(2, &[("linux/amd64", 10), ("linux/arm64", 12)]),
                );
            })
        };
        up_to_date("another platform was rebuilt", &rebuilt("linux/amd64"));
        deploys(
            "ours was",
            &rebuilt("linux/arm64"),
            "1.0.0",
            digest_changed("1.0.0"),
        );
    }

    #[test]
    fn a_platform_digest_that_runs_is_its_index() {
        let running = |n| {
            World::after(|w| {
                w.push("1.0.0", index(1, &BOTH));
                w.runs(None, Some(image(n)), Origin::Outside);
                w.runs_on("linux/amd64");
                w.never_deployed();
            })
        };
        up_to_date("its own manifest", &running(10));
        deploys(
            "the manifest of another",
            &running(11),
            "1.0.0",
            Cause::FirstDeploy,
        );
    }
}

mod cause {
    use super::*;

    #[test]
    fn each_deployment_has_one_cause() {
        deploys(
            "a higher version",
            &with_newer(|_| {}),
            "1.1.0",
            newer("1.0.0", "1.1.0"),
        );

        let world = World::after(|w| w.push("1.0.0", image(2)));
        deploys(
            "the tag was pushed again",
            &world,
            "1.0.0",
            digest_changed("1.0.0"),
        );

        deploys(
            "pinned",
            &with_newer(|w| w.pin("1.1.0")),
            "1.1.0",
            Cause::PinChanged,
        );

        let world = World::after(|w| w.runs = Runs::Nothing);
        deploys("what we deployed is gone", &world, "1.0.0", Cause::Drift);

        let world = World::after(|w| {
            w.never_deployed();
            w.runs = Runs::Nothing;
        });
        deploys("never deployed", &world, "1.0.0", Cause::FirstDeploy);
    }

    #[test]
    fn a_request_is_the_first_of_all_causes() {
        let case = |case, change: fn(&mut World)| {
            let world = World::after(|w| {
                change(w);
                w.request("2.0.0", image(7));
            });
            deploys(case, &world, "2.0.0", requested());
        };
        case("over a pin", |w| {
            w.push("1.1.0", image(2));
            w.pin("1.1.0");
        });
        case("over a higher version", |w| w.push("1.1.0", image(2)));
        case("over a pushed tag", |w| w.push("1.0.0", image(2)));
        case("over drift", |w| w.runs = Runs::Nothing);
        case("over the first deployment", |w| {
            w.never_deployed();
            w.runs = Runs::Nothing;
        });
    }

    #[test]
    fn a_pin_to_a_higher_version_is_a_pin() {
        deploys(
            "up",
            &with_newer(|w| w.pin("1.1.0")),
            "1.1.0",
            Cause::PinChanged,
        );
        let down = World::after(|w| {
            w.push("0.9.0", image(2));
            w.pin("0.9.0");
        });
        deploys("down", &down, "0.9.0", Cause::PinChanged);
    }

    #[test]
    fn a_pinned_tag_is_followed_by_digest() {
        let world = World::after(|w| {
            w.pin("1.0.0");
            w.push("1.0.0", image(2));
            w.push("1.1.0", image(3));
        });
        let deploy = deploys(
            "pinned and pushed again",
            &world,
            "1.0.0",
            digest_changed("1.0.0"),
        );
        assert_eq!(deploy.candidate.image, image(2));
    }

    #[test]
    fn a_version_is_newer_than_the_one_that_runs() {
        let world = with_newer(|w| w.runs(Some("0.5.0"), Some(image(8)), Origin::Outside));
        deploys(
            "not the one we deployed",
            &world,
            "1.1.0",
            newer("0.5.0", "1.1.0"),
        );

        let world = with_newer(|w| {
            w.never_deployed();
            w.runs(Some("0.5.0"), Some(image(8)), Origin::Outside);
        });
        deploys(
            "nothing was deployed by us",
            &world,
            "1.1.0",
            newer("0.5.0", "1.1.0"),
        );
    }

    #[test]
    fn another_image_under_the_tag_that_runs_is_no_newer_version() {
        let world = with_newer(|w| w.runs(Some("1.1.0"), Some(image(8)), Origin::Outside));
        deploys(
            "deployed outside, then pushed again",
            &world,
            "1.1.0",
            digest_changed("1.1.0"),
        );
    }
}

mod gates {
    use super::*;

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
}

mod downgrade {
    use super::*;

    #[test]
    fn a_tracked_watch_is_compared_with_what_runs() {
        let world = with_newer(|w| w.runs(Some("1.2.0"), Some(image(8)), Origin::Outside));
        holds(
            "somebody deployed a higher one",
            &world,
            &["would_downgrade"],
        );

        let world = World::after(|w| {
            w.deployed("1.1.0", image(2));
            w.runs(None, Some(image(8)), Origin::Ours);
        });
        holds(
            "the tag that runs is unknown: our last one",
            &world,
            &["would_downgrade"],
        );

        let world = World::after(|w| {
            w.never_deployed();
            w.adopted = Some(candidate("1.1.0", image(2)));
            w.runs(None, Some(image(8)), Origin::Assumed);
        });
        holds(
            "the tag that runs is unknown: the adopted one",
            &world,
            &["would_downgrade"],
        );

        let world = World::after(|w| {
            w.never_deployed();
            w.runs(None, Some(image(8)), Origin::Outside);
        });
        deploys(
            "nothing to compare with",
            &world,
            "1.0.0",
            Cause::FirstDeploy,
        );
    }

    #[test]
    fn a_version_that_runs_outside_the_range_still_counts() {
        let world = World::after(|w| {
            w.watch.policy = policy(Order::semver("^1").unwrap());
            w.deployed("2.0.0", image(2));
        });
        holds("the range was narrowed", &world, &["would_downgrade"]);
    }

    #[test]
    fn a_pin_may_go_down() {
        let world = World::after(|w| {
            w.deployed("2.0.0", image(2));
            w.pin("1.0.0");
        });
        deploys("pinned below what runs", &world, "1.0.0", Cause::PinChanged);
    }
}

mod operator_hold {
    use super::*;

    #[test]
    fn something_newer_lifts_it() {
        let held = |change: fn(&mut World)| {
            World::after(|w| {
                w.runs(Some("0.9.0"), Some(image(9)), Origin::Ours);
                w.hold_past(Some(candidate("1.0.0", image(1))));
                change(w);
            })
        };
        holds(
            "the candidate of that moment",
            &held(|_| {}),
            &["operator_hold"],
        );
        holds(
            "and that under another tag",
            &held(|w| w.push("1.1.0", image(1))),
            &["operator_hold"],
        );
        let higher = held(|w| w.push("1.1.0", image(2)));
        deploys(
            "a higher version",
            &higher,
            "1.1.0",
            newer("0.9.0", "1.1.0"),
        );
        let pushed = held(|w| w.push("1.0.0", image(2)));
        deploys(
            "another image under its tag",
            &pushed,
            "1.0.0",
            digest_changed("1.0.0"),
        );
    }

    #[test]
    fn anything_lifts_one_that_was_set_while_nothing_was_wanted() {
        let world = with_newer(|w| w.hold_past(None));
        deploys(
            "no candidate then",
            &world,
            "1.1.0",
            newer("1.0.0", "1.1.0"),
        );
    }

    #[test]
    fn a_lower_version_does_not_lift_it() {
        let world = World::after(|w| {
            w.hold_past(Some(candidate("1.1.0", image(2))));
            w.runs(Some("0.9.0"), Some(image(9)), Origin::Ours);
        });
        holds("the newer one was deleted", &world, &["operator_hold"]);
    }
}

mod changed_outside {
    use super::*;

    fn changed(change: fn(&mut World)) -> World {
        World::after(|w| {
            w.runs(Some("0.9.0"), Some(image(9)), Origin::Outside);
            change(w);
        })
    }

    #[test]
    fn it_stays_until_something_newer_or_a_request() {
        let hold = holds("somebody went back", &changed(|_| {}), &["changed_outside"]);
        assert_eq!(hold.cause, Some(Cause::Drift));
        assert_eq!(
            hold.reasons,
            [HoldReason::ChangedOutside {
                runs: Some(tag("0.9.0"))
            }]
        );

        let world = changed(|w| w.push("1.1.0", image(2)));
        deploys("a higher version", &world, "1.1.0", newer("0.9.0", "1.1.0"));
        let world = changed(|w| w.push("1.0.0", image(2)));
        deploys(
            "another image under our tag",
            &world,
            "1.0.0",
            digest_changed("1.0.0"),
        );
        let world = changed(|w| w.request("1.0.0", image(1)));
        deploys("a request", &world, "1.0.0", requested());
    }

    #[test]
    fn a_tag_without_a_digest_is_outside_once_we_deployed() {
        let world = World::after(|w| w.runs(Some("1.0.0"), None, Origin::Outside));
        holds("the pin was taken away", &world, &["changed_outside"]);
    }

    #[test]
    fn drift_correct_takes_it_back() {
        let world = changed(|w| w.watch.drift = DriftMode::Correct);
        deploys("somebody went back", &world, "1.0.0", Cause::Drift);
    }

    #[test]
    fn drift_correct_is_no_licence_to_go_down() {
        let world = World::after(|w| {
            w.watch.drift = DriftMode::Correct;
            w.runs(Some("2.0.0"), Some(image(9)), Origin::Outside);
        });
        holds("somebody went up", &world, &["would_downgrade"]);
    }

    #[test]
    fn our_own_mark_is_not_outside() {
        let world = World::after(|w| w.runs(None, Some(image(9)), Origin::Ours));
        deploys(
            "ours, but not what succeeded last",
            &world,
            "1.0.0",
            Cause::Drift,
        );
    }

    #[test]
    fn what_ran_before_us_is_not_outside() {
        let world = World::after(|w| {
            w.never_deployed();
            w.runs(None, Some(image(9)), Origin::Outside);
        });
        deploys("at first sight", &world, "1.0.0", Cause::FirstDeploy);
    }
}

mod quarantine {
    use super::*;

    #[test]
    fn it_is_by_what_would_run() {
        let both = [("linux/amd64", 20), ("linux/arm64", 21)];
        let offered = |failed: Image, offered: Image, platform: &str| {
            World::after(|w| {
                w.runs_on(platform);
                w.push("1.1.0", offered);
                w.quarantine("1.0.5", failed);
            })
        };
        let world = offered(image(2), image(2), "linux/amd64");
        holds("under another tag", &world, &["quarantined"]);
        let world = offered(index(2, &both), index(3, &both), "linux/amd64");
        holds("signed again", &world, &["quarantined"]);
        let fixed = index(3, &[("linux/amd64", 20), ("linux/arm64", 22)]);
        let world = offered(index(2, &both), fixed.clone(), "linux/amd64");
        holds("rebuilt for another platform", &world, &["quarantined"]);
        let world = offered(index(2, &both), fixed, "linux/arm64");
        deploys("rebuilt for ours", &world, "1.1.0", newer("1.0.0", "1.1.0"));
    }

    #[test]
    fn another_image_under_the_same_tag_is_free() {
        let world = with_newer(|w| w.quarantine("1.1.0", image(7)));
        deploys(
            "pushed again after it failed",
            &world,
            "1.1.0",
            newer("1.0.0", "1.1.0"),
        );
    }
}

mod time {
    use super::*;

    fn failed(consecutive: u32) -> World {
        with_newer(|w| {
            w.setback = Some(Setback {
                consecutive,
                last: w.now,
            })
        })
    }

    #[test]
    fn failures_back_off_longer_and_longer() {
        for (consecutive, seconds) in [(1, 30), (2, 60), (5, 480), (50, 3600)] {
            let mut world = failed(consecutive);
            let hold = holds("just failed", &world, &["backing_off"]);
            assert_eq!(
                hold.earliest,
                Some(at(seconds)),
                "after {consecutive} failures"
            );
            let reason = HoldReason::BackingOff {
                until: at(seconds),
                failures: consecutive,
            };
            assert_eq!(hold.reasons, [reason]);
            world.now = at(seconds);
            deploys(
                "the time has passed",
                &world,
                "1.1.0",
                newer("1.0.0", "1.1.0"),
            );
        }
    }

    #[test]
    fn two_automatic_deployments_keep_their_distance() {
        let mut world = with_newer(|w| w.last_automatic = Some(w.now));
        world.now = at(9);
        let hold = holds("too soon", &world, &["backing_off"]);
        assert_eq!(hold.earliest, Some(at(10)));
        world.now = at(10);
        deploys("long enough ago", &world, "1.1.0", newer("1.0.0", "1.1.0"));
    }

    #[test]
    fn the_longer_of_two_waits_counts() {
        let world = |interval| {
            let mut world = failed(1);
            world.last_automatic = Some(at(0));
            world.watch.min_interval = std::time::Duration::from_secs(interval);
            holds("both", &world, &["backing_off"]).earliest
        };
        assert_eq!((world(10), world(90)), (Some(at(30)), Some(at(90))));
    }

    #[test]
    fn earliest_is_known_only_if_every_reason_passes_with_time() {
        let mut world = failed(1);
        assert_eq!(
            holds("waiting", &world, &["backing_off"]).earliest,
            Some(at(30))
        );
        world.intent.auto_deploy = false;
        let hold = holds(
            "and switched off",
            &world,
            &["auto_deploy_off", "backing_off"],
        );
        assert_eq!(hold.earliest, None);
    }
}

mod adoption {
    use super::*;

    /// `latest` runs without a digest and was never deployed by us; the registry has it as `image(1)`.
    fn unpinned(change: fn(&mut World)) -> World {
        World::after(|w| {
            w.watch.policy = policy(Order::Tag(tag("latest")));
            w.push("latest", image(1));
            w.never_deployed();
            w.runs(Some("latest"), None, Origin::Outside);
            change(w);
        })
    }

    fn assume(w: &mut World) {
        w.adopted = Some(candidate("latest", image(1)));
        w.runs(Some("latest"), Some(image(1)), Origin::Assumed);
    }

    #[test]
    fn nothing_is_restarted_to_learn_a_digest() {
        up_to_date("what the tag pointed to at first sight", &unpinned(assume));
    }

    #[test]
    fn a_tag_that_moves_after_adoption_is_deployed() {
        let world = unpinned(|w| {
            assume(w);
            w.push("latest", image(2));
        });
        deploys("pushed again", &world, "latest", digest_changed("latest"));

        let world = unpinned(|w| {
            assume(w);
            w.watch.policy = policy(Order::semver("*").unwrap());
        });
        deploys(
            "a policy of versions",
            &world,
            "1.0.0",
            newer("latest", "1.0.0"),
        );
    }

    #[test]
    fn a_running_tag_must_be_known_before_anything_is_restarted() {
        let unknown = |change: fn(&mut World)| {
            World::after(|w| {
                w.never_deployed();
                w.runs(Some("0.9.0"), None, Origin::Outside);
                change(w);
            })
        };
        holds("not asked for yet", &unknown(|_| {}), &["registry_unknown"]);
        holds(
            "asking for it failed",
            &unknown(|w| w.fail_resolving("0.9.0")),
            &["registry_unknown"],
        );
        deploys(
            "the registry has it no more",
            &unknown(|w| w.delete("0.9.0")),
            "1.0.0",
            newer("0.9.0", "1.0.0"),
        );
        deploys(
            "a request",
            &unknown(|w| w.request("1.0.0", image(1))),
            "1.0.0",
            requested(),
        );
    }

    #[test]
    fn adopt_redeploy_pins_it_at_once() {
        let world = unpinned(|w| w.watch.adopt = AdoptMode::Redeploy);
        deploys(
            "the digest is not known",
            &world,
            "latest",
            Cause::FirstDeploy,
        );
    }

    #[test]
    fn an_adopted_workload_that_changes_is_changed_outside() {
        let world = unpinned(|w| {
            w.adopted = Some(candidate("latest", image(1)));
            w.runs(None, Some(image(8)), Origin::Outside);
        });
        holds("somebody else deployed", &world, &["changed_outside"]);
    }
}

mod order {
    use super::*;

    fn second(first: Runs) -> World {
        with_newer(|w| w.comes_after("staging", first))
    }

    #[test]
    fn each_workload_follows_the_one_before() {
        let runs = |n| something("1.1.0", image(n), Origin::Ours);
        holds("it runs another image", &second(runs(1)), &["waits_for"]);
        holds("it runs nothing", &second(Runs::Nothing), &["waits_for"]);
        let unknown = Runs::Unknown {
            why: "no leader".into(),
        };
        holds(
            "nobody knows what it runs",
            &second(unknown),
            &["waits_for"],
        );
        deploys(
            "it runs the image",
            &second(runs(2)),
            "1.1.0",
            newer("1.0.0", "1.1.0"),
        );
    }

    #[test]
    fn an_assumed_image_opens_nothing() {
        let world = second(something("1.1.0", image(2), Origin::Assumed));
        holds("assumed", &world, &["waits_for"]);
    }

    #[test]
    fn a_rollout_that_has_not_ended_opens_nothing() {
        let mut world = second(something("1.1.0", image(2), Origin::Ours));
        world.before[0].in_flight = true;
        holds("replaced at this moment", &world, &["waits_for"]);
    }

    #[test]
    fn all_that_stand_before_must_run_it() {
        let mut world = second(something("1.0.0", image(1), Origin::Ours));
        world.comes_after("canary", something("1.1.0", image(2), Origin::Ours));
        let hold = holds("the second of three lags", &world, &["waits_for"]);
        assert_eq!(
            hold.reasons,
            [HoldReason::WaitsFor {
                workload: workload("staging")
            }]
        );
    }

    #[test]
    fn parallel_drops_the_order() {
        let mut world = second(Runs::Nothing);
        world.watch.parallel = true;
        deploys("parallel", &world, "1.1.0", newer("1.0.0", "1.1.0"));
    }

    #[test]
    fn a_request_follows_the_order_too() {
        let asked = |first: Runs| {
            let mut world = World::after(|w| w.comes_after("staging", first));
            world.request("1.1.0", image(2));
            world
        };
        let ours = |n| something("1.1.0", image(n), Origin::Ours);
        holds(
            "the first is still to be deployed to",
            &asked(ours(1)),
            &["waits_for"],
        );
        holds(
            "even if only to be replaced",
            &asked(ours(2)),
            &["waits_for"],
        );

        let served = |first: Runs| {
            let mut world = asked(first);
            world.request.as_mut().unwrap().pending = vec![workload("web")];
            world
        };
        deploys("the first runs it", &served(ours(2)), "1.1.0", requested());
        holds("the first failed", &served(ours(1)), &["waits_for"]);
        let assumed = something("1.1.0", image(2), Origin::Assumed);
        holds(
            "the first is only assumed to run it",
            &served(assumed),
            &["waits_for"],
        );
        let mut rolling_out = served(ours(2));
        rolling_out.before[0].in_flight = true;
        holds("the first is being replaced", &rolling_out, &["waits_for"]);
    }

    #[test]
    fn a_request_for_one_workload_waits_for_no_other() {
        let mut world = World::after(|w| w.comes_after("staging", Runs::Nothing));
        world.request("1.1.0", image(2));
        let request = world.request.as_mut().unwrap();
        (request.pending, request.single) = (vec![workload("web")], true);
        deploys("named alone", &world, "1.1.0", requested());
    }
}

mod requests {
    use super::*;

    #[test]
    fn a_request_passes_the_gates_that_keep_automatic_deployments_back() {
        let case = |case, change: fn(&mut World)| {
            let world = World::after(|w| {
                change(w);
                w.request("0.9.0", image(7));
            });
            let deploy = deploys(case, &world, "0.9.0", requested());
            assert!(!deploy.forced, "{case}: it does not run yet");
        };
        case("auto-deploy off", |w| w.intent.auto_deploy = false);
        case("lower than what runs", |w| w.deployed("2.0.0", image(8)));
        case("held by an operator", |w| {
            w.hold_past(Some(candidate("2.0.0", image(8))))
        });
        case("changed outside", |w| {
            w.runs(None, Some(image(8)), Origin::Outside)
        });
        case("quarantined", |w| w.quarantine("0.9.0", image(7)));
        case("deployed just now", |w| w.last_automatic = Some(w.now));
        case("backing off", |w| {
            w.setback = Some(Setback {
                consecutive: 9,
                last: w.now,
            });
        });
        case("another pin", |w| w.pin("1.0.0"));
    }

    #[test]
    fn a_request_stops_where_nothing_can_be_deployed() {
        let asked = |change: fn(&mut World)| {
            World::after(|w| {
                w.request("0.9.0", image(7));
                change(w);
            })
        };
        holds(
            "a watch that observes",
            &asked(|w| w.watch.mode = Mode::Observe),
            &["observe_only"],
        );
        let unknown = asked(|w| {
            w.runs = Runs::Unknown {
                why: "no leader".into(),
            }
        });
        holds("nobody knows what runs", &unknown, &["running_unknown"]);
    }

    #[test]
    fn a_request_for_what_runs_is_forced() {
        let world = World::after(|w| w.request("1.0.0", image(1)));
        assert!(deploys("redeploy", &world, "1.0.0", requested()).forced);

        let world = World::after(|w| {
            w.deployed("1.0.0", index(1, &[("linux/amd64", 10)]));
            w.request("1.1.0", index(2, &[("linux/amd64", 10)]));
        });
        assert!(deploys("the same image, signed again", &world, "1.1.0", requested()).forced);
    }

    #[test]
    fn nothing_automatic_is_forced_or_supersedes() {
        let deploy = deploys(
            "newer",
            &with_newer(|_| {}),
            "1.1.0",
            newer("1.0.0", "1.1.0"),
        );
        assert_eq!((deploy.forced, deploy.supersedes), (false, None));
    }
}

mod in_flight {
    use super::*;

    #[track_caller]
    fn supersedes(case: &str, world: &World, text: &str, cause: Cause) {
        let nine: Option<DeploymentId> = Some(deployment_id(9));
        assert_eq!(deploys(case, world, text, cause).supersedes, nine, "{case}");
    }

    #[test]
    fn a_request_takes_the_place_of_a_deployment_of_the_same_workload() {
        for state in [
            State::Requested,
            State::Applying { since: at(0) },
            rolling(),
        ] {
            let name = state.name();
            let world = World::after(|w| {
                w.rolls_out("1.1.0", image(2), state);
                w.request("0.9.0", image(7));
            });
            supersedes(name, &world, "0.9.0", requested());
        }
    }

    #[test]
    fn nobody_takes_the_place_of_another_workload_of_the_unit() {
        let sibling = |change: fn(&mut Deployment)| {
            World::after(|w| {
                w.rolls_out("1.1.0", image(2), rolling());
                change(w.in_flight.as_mut().unwrap());
                w.request("0.9.0", image(7));
            })
        };
        let world = sibling(|deployment| deployment.workload = workload("sidecar"));
        holds("a sibling in the same job", &world, &["in_flight"]);
        let world = sibling(|deployment| deployment.watch = "sidecar".parse().unwrap());
        holds("another watch of the same job", &world, &["in_flight"]);
    }

    #[test]
    fn an_automatic_deployment_waits_for_a_rollout() {
        let world = with_newer(|w| w.rolls_out("1.0.5", image(3), rolling()));
        holds("rolling out an older one", &world, &["in_flight"]);
    }

    #[test]
    fn an_unpromoted_rollout_gives_way_to_something_newer() {
        let canaries =
            |text: &str, n| with_newer(|w| w.rolls_out(text, image(n), awaiting_promotion()));
        let cause = || newer("1.0.0", "1.1.0");
        supersedes("a higher version", &canaries("1.0.5", 3), "1.1.0", cause());
        supersedes(
            "another image under its tag",
            &canaries("1.1.0", 3),
            "1.1.0",
            cause(),
        );
        holds("its own image", &canaries("1.1.0", 2), &["in_flight"]);
        holds("something older", &canaries("1.2.0", 3), &["in_flight"]);
    }

    #[test]
    fn an_unpromoted_rollout_of_a_sibling_does_not_give_way() {
        let world = with_newer(|w| {
            w.rolls_out("1.0.5", image(3), awaiting_promotion());
            w.in_flight.as_mut().unwrap().workload = workload("sidecar");
        });
        holds("a sibling in the same job", &world, &["in_flight"]);
    }
}

#[test]
fn every_reason_reads_as_a_sentence() {
    let world = with_newer(|w| {
        w.watch = watch(vec![w.workload.clone()]);
        w.intent.auto_deploy = false;
        w.comes_after("staging", Runs::Nothing);
    });
    let hold = holds("two gates", &world, &["auto_deploy_off", "waits_for"]);
    let sentences: Vec<String> = hold.reasons.iter().map(ToString::to_string).collect();
    assert_eq!(
        sentences,
        ["auto-deploy is off", "production:job=staging comes first"]
    );
}
