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
