use super::*;

const BOTH: [(&str, u8); 2] = [("linux/amd64", 10), ("linux/arm64", 11)];

#[test]
fn what_runs_and_is_wanted_is_left_alone() {
    up_to_date("by us", &World::settled());
    let case = |case, change: fn(&mut World)| up_to_date(case, &World::after(change));
    case("by somebody else", |w| {
        w.runs(Some("1.0.0"), Some(image(1)), Origin::Outside);
    });
    case("under no tag", |w| {
        w.runs(None, Some(image(1)), Origin::Outside);
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
