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
