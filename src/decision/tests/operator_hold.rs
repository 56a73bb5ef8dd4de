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
