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
