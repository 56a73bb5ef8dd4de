use super::*;

fn failed(consecutive: u32) -> World {
    with_newer(|w| {
        w.setback = Some(Setback {
            consecutive,
            last: w.now,
            deployment: deployment_id(0),
        });
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
fn a_clock_that_was_set_back_prolongs_no_pause() {
    let mut world = failed(1);
    world.last_automatic = Some(world.now);
    world.now = at(-3600);
    deploys(
        "an hour before the failure",
        &world,
        "1.1.0",
        newer("1.0.0", "1.1.0"),
    );
    world.now = at(-5);
    let hold = holds("clocks of replicas differ", &world, &["backing_off"]);
    assert_eq!(hold.earliest, Some(at(30)));
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

#[test]
fn a_failure_needs_a_person_and_a_distance_that_is_kept_or_a_switch_does_not() {
    let needs = |world: &World, names: &[&str]| {
        let hold = holds("held", world, names);
        hold.reasons.iter().any(HoldReason::needs_a_person)
    };
    let mut world = failed(1);
    assert!(needs(&world, &["backing_off"]));
    world.setback = None;
    world.last_automatic = Some(world.now);
    assert!(!needs(&world, &["backing_off"]));
    world.intent.auto_deploy = false;
    assert!(!needs(&world, &["auto_deploy_off", "backing_off"]));
}
