use uuid::Uuid;

use super::*;
use crate::image::{Digest, PlatformManifest};

fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

fn digest(n: u8) -> Digest {
    format!("sha256:{}", format!("{n:02x}").repeat(32))
        .parse()
        .unwrap()
}

fn platform(text: &str) -> Platform {
    text.parse().unwrap()
}

/// An index under digest 1 with a manifest for each of two platforms, 10 and 11.
fn index() -> Image {
    let entry = |on, n| PlatformManifest {
        platform: Some(platform(on)),
        digest: digest(n),
    };
    Image::of_index(
        digest(1),
        vec![entry("linux/amd64", 10), entry("linux/arm64", 11)],
    )
}

fn at() -> DateTime<Utc> {
    DateTime::from_timestamp(1, 0).unwrap()
}

fn id(n: u128) -> DeploymentId {
    DeploymentId(Uuid::from_u128(n))
}

/// We deployed `v1`, which is [`index`].
fn success() -> Success {
    Success {
        deployment: id(1),
        candidate: Candidate {
            tag: tag("v1"),
            image: index(),
        },
        at: at(),
    }
}

/// `v1` ran before us and was taken to be [`index`].
fn adopted() -> Adopted {
    Adopted {
        candidate: Candidate {
            tag: tag("v1"),
            image: index(),
        },
        at: at(),
    }
}

/// What a deployer reports of an unmarked workload that runs `image`, on a platform that it does not say.
fn reports(image: &str) -> Running {
    Running {
        image: image.parse().unwrap(),
        tag: None,
        platform: None,
        mark: None,
    }
}

fn by_digest(n: u8) -> Running {
    reports(&format!("ghcr.io/acme/web@{}", digest(n)))
}

fn something(tag: Option<Tag>, image: Option<Image>, origin: Origin) -> Runs {
    Runs::Something {
        tag,
        image,
        origin,
        platform: None,
    }
}

#[test]
fn what_we_deployed_is_known_better_than_what_is_reported() {
    let expected = something(Some(tag("v1")), Some(index()), Origin::Ours);
    for (case, n) in [("its index", 1), ("the manifest of a platform", 10)] {
        let runs = Runs::judge(Some(&by_digest(n)), true, Some(&success()), None);
        assert_eq!(runs, expected, "{case}");
    }
}

#[test]
fn the_manifest_of_another_platform_is_not_what_we_deployed() {
    let running = Running {
        platform: Some(platform("linux/amd64")),
        ..by_digest(11)
    };
    let runs = Runs::judge(Some(&running), true, Some(&success()), None);
    assert_eq!(runs.origin(), Some(Origin::Outside));
    assert!(!runs.is_running(&index()));
}

#[test]
fn another_digest_without_our_mark_is_somebody_elses() {
    let runs = Runs::judge(Some(&by_digest(2)), true, Some(&success()), None);
    let bare = Image::of_digest(digest(2));
    assert_eq!(runs, something(None, Some(bare), Origin::Outside));
}

#[test]
fn our_mark_makes_another_digest_ours() {
    let running = Running {
        mark: Some(id(2)),
        tag: Some(tag("v2")),
        ..by_digest(2)
    };
    let expected = something(
        Some(tag("v2")),
        Some(Image::of_digest(digest(2))),
        Origin::Ours,
    );
    for success in [None, Some(&success())] {
        let runs = Runs::judge(Some(&running), true, success, None);
        assert_eq!(
            runs, expected,
            "a rollout that has not ended, after {success:?}"
        );
    }
}

#[test]
fn a_mark_older_than_the_last_success_was_brought_back_by_somebody() {
    let running = Running {
        mark: Some(id(0)),
        tag: Some(tag("v0")),
        ..by_digest(9)
    };
    let runs = Runs::judge(Some(&running), true, Some(&success()), None);
    assert_eq!(runs.origin(), Some(Origin::Outside));
    assert_eq!(runs.tag(), Some(&tag("v0")));
}

#[test]
fn the_tag_is_the_one_we_kept_then_the_deployed_one_then_the_written_one() {
    let written = format!("ghcr.io/acme/web:v3@{}", digest(1));
    let kept = Running {
        tag: Some(tag("v2")),
        ..reports(&written)
    };
    let case = |running: &Running, success: Option<&Success>, expected: &str| {
        let runs = Runs::judge(Some(running), true, success, None);
        assert_eq!(runs.tag(), Some(&tag(expected)), "{running:?}");
    };
    case(&kept, Some(&success()), "v2");
    case(&reports(&written), Some(&success()), "v1");
    case(&reports(&written), None, "v3");
}

#[test]
fn an_unpinned_tag_that_was_adopted_is_assumed() {
    let running = reports("ghcr.io/acme/web:v1");
    let runs = Runs::judge(Some(&running), true, None, Some(&adopted()));
    assert_eq!(
        runs,
        something(Some(tag("v1")), Some(index()), Origin::Assumed)
    );
}

#[test]
fn an_unpinned_tag_that_was_not_adopted_is_unknown() {
    let outside = |text: &str| something(Some(tag(text)), None, Origin::Outside);
    let case = |case, image, success, adopted, expected| {
        let runs = Runs::judge(Some(&reports(image)), true, success, adopted);
        assert_eq!(runs, expected, "{case}");
    };
    let (success, adopted) = (success(), adopted());
    case(
        "first sight",
        "ghcr.io/acme/web:v1",
        None,
        None,
        outside("v1"),
    );
    case("no tag", "ghcr.io/acme/web", None, None, outside("latest"));
    case(
        "another tag than the adopted one",
        "ghcr.io/acme/web:v2",
        None,
        Some(&adopted),
        outside("v2"),
    );
    case(
        "our pin was taken away",
        "ghcr.io/acme/web:v1",
        Some(&success),
        Some(&adopted),
        outside("v1"),
    );
}

#[test]
fn a_workload_without_an_image_runs_nothing() {
    assert_eq!(
        Runs::judge(None, true, Some(&success()), Some(&adopted())),
        Runs::Nothing
    );
    assert_eq!(Runs::judge(None, false, None, None), Runs::Nothing);
}

#[test]
fn the_last_success_stands_in_where_the_deployer_cannot_see() {
    let runs = Runs::judge(None, false, Some(&success()), None);
    assert_eq!(
        runs,
        something(Some(tag("v1")), Some(index()), Origin::Ours)
    );
}

#[test]
fn the_platform_is_passed_on() {
    let running = Running {
        platform: Some(platform("linux/arm64")),
        ..by_digest(1)
    };
    let runs = Runs::judge(Some(&running), true, Some(&success()), None);
    assert_eq!(runs.platform(), Some(&platform("linux/arm64")));
}

#[test]
fn what_is_not_known_runs_no_image() {
    let unknown = Runs::Unknown {
        why: "no leader".into(),
    };
    for runs in [unknown, Runs::Nothing] {
        assert!(!runs.is_running(&index()), "{runs:?}");
        assert_eq!(
            (runs.tag(), runs.image(), runs.origin()),
            (None, None, None),
            "{runs:?}"
        );
    }
}
