use super::*;
use crate::image::Digest;
use crate::policy::{Direction, Filters, Order};

fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

fn image(n: u8) -> Image {
    let digest: Digest = format!("sha256:{}", format!("{n:02x}").repeat(32))
        .parse()
        .unwrap();
    Image::of_digest(digest)
}

fn candidate(text: &str, n: u8) -> Candidate {
    Candidate {
        tag: tag(text),
        image: image(n),
    }
}

fn policy(order: Order) -> TagPolicy {
    TagPolicy::new(order, &Filters::default()).unwrap()
}

fn semver() -> TagPolicy {
    policy(Order::semver("*").unwrap())
}

#[track_caller]
fn newer(case: &str, policy: &TagPolicy, a: &Candidate, b: &Candidate, expected: bool) {
    assert_eq!(a.is_newer_than(b, policy, None), expected, "{case}");
}

#[test]
fn newer_is_a_higher_tag_or_another_image_under_the_same_tag() {
    let semver = semver();
    let past = candidate("1.0.0", 1);
    newer(
        "a higher version",
        &semver,
        &candidate("1.1.0", 2),
        &past,
        true,
    );
    newer(
        "a lower version",
        &semver,
        &candidate("0.9.0", 2),
        &past,
        false,
    );
    newer("pushed again", &semver, &candidate("1.0.0", 2), &past, true);
    newer("itself", &semver, &past, &past, false);
    newer(
        "another spelling of the version",
        &semver,
        &candidate("v1.0.0", 2),
        &past,
        false,
    );
    newer(
        "the same image under a higher tag",
        &semver,
        &candidate("1.1.0", 1),
        &past,
        false,
    );
}

#[test]
fn newer_follows_the_direction_of_the_policy() {
    let lowest = policy(Order::Numeric(Direction::Descending));
    newer(
        "lowest first",
        &lowest,
        &candidate("9", 2),
        &candidate("10", 1),
        true,
    );
}

#[test]
fn tags_that_cannot_be_compared_are_newer_when_they_differ() {
    let fixed = policy(Order::Tag(tag("stable")));
    newer(
        "a fixed tag has no order",
        &fixed,
        &candidate("stable", 2),
        &candidate("latest", 1),
        true,
    );
    newer(
        "not a version before",
        &semver(),
        &candidate("1.0.0", 2),
        &candidate("main", 1),
        true,
    );
}

#[test]
fn a_hold_ends_with_something_newer_than_the_candidate_of_its_moment() {
    let hold = |past| OperatorHold {
        past,
        by: Author::new("kim"),
        reason: "incident".to_owned(),
        since: DateTime::from_timestamp(1, 0).unwrap(),
    };
    let lifted = |past, by| hold(past).is_lifted_by(&by, &semver(), None);
    assert!(!lifted(Some(candidate("1.0.0", 1)), candidate("1.0.0", 1)));
    assert!(lifted(Some(candidate("1.0.0", 1)), candidate("1.0.1", 2)));
    assert!(
        lifted(None, candidate("0.1.0", 1)),
        "there was no candidate"
    );
}

#[test]
fn a_fresh_intent_tracks_and_deploys_by_itself() {
    let fresh = Intent::default();
    assert_eq!(
        (fresh.target.pinned(), fresh.auto_deploy, fresh.hold),
        (None, true, None)
    );
}
