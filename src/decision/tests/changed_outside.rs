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
    let world = World::after(|w| w.runs(Some("0.9.0"), None, Origin::Outside));
    holds(
        "another tag, whatever it points to",
        &world,
        &["changed_outside"],
    );
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
