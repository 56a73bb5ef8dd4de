use super::*;

fn semver(range: &str) -> TagPolicy {
    TagPolicy::new(Order::semver(range).unwrap(), &Filters::default()).unwrap()
}

fn semver_with(range: &str, with_prerelease: bool, with_variant: Option<&str>) -> TagPolicy {
    let Order::Semver { range, .. } = Order::semver(range).unwrap() else {
        unreachable!()
    };
    let order = Order::Semver {
        range,
        prerelease: with_prerelease,
        variant: with_variant.map(str::to_owned),
    };
    TagPolicy::new(order, &Filters::default()).unwrap()
}

fn filtered(
    order: Order,
    include: Option<&str>,
    exclude: Option<&str>,
    extract: Option<&str>,
) -> TagPolicy {
    let filters = Filters {
        include: include.map(str::to_owned),
        exclude: exclude.map(str::to_owned),
        extract: extract.map(str::to_owned),
    };
    TagPolicy::new(order, &filters).unwrap()
}

#[track_caller]
fn picks(policy: &TagPolicy, tags: &[&str], wanted: Option<&str>) {
    let forwards = policy.select(&tags.iter().copied().collect(), None).wanted;
    let backwards = policy
        .select(&tags.iter().rev().copied().collect(), None)
        .wanted;
    assert_eq!(
        forwards.as_ref().map(Tag::as_str),
        wanted,
        "{policy} of {tags:?}"
    );
    assert_eq!(forwards, backwards, "whatever the order of the list");
}

#[test]
fn semver_picks_the_highest_version_inside_its_range() {
    picks(
        &semver("*"),
        &["v1.2.3", "v1.10.0", "v1.9.9"],
        Some("v1.10.0"),
    );
    picks(&semver("^1"), &["1.2.3", "2.0.0", "1.9.0"], Some("1.9.0"));
    picks(
        &semver(">=2, <3"),
        &["1.0.0", "2.5.1", "3.0.0"],
        Some("2.5.1"),
    );
    picks(&semver("~1.4"), &["1.4.9", "1.5.0"], Some("1.4.9"));
    picks(&semver("*"), &[], None);
    picks(&semver("^3"), &["1.0.0"], None);
}

#[test]
fn semver_skips_what_is_no_version() {
    picks(
        &semver("*"),
        &["latest", "main-abc123", "1.2", "1", "1.2.3.4", "v1.0.0"],
        Some("v1.0.0"),
    );
    picks(&semver("*"), &["latest"], None);
    // A date with dashes reads as a pre-release at most, and those are off.
    picks(
        &semver("*"),
        &["2021.12.16-nightly", "0.6.24"],
        Some("0.6.24"),
    );
}

#[test]
fn leading_v_and_leading_zeros_are_accepted() {
    picks(
        &semver("*"),
        &["v2024.05.01", "2024.11.20", "2024.09.30"],
        Some("2024.11.20"),
    );
    picks(&semver("*"), &["V1.0.0", "v1.0.1"], Some("v1.0.1"));
}

#[test]
fn prereleases_count_only_when_asked_for_and_the_range_is_matched_without_them() {
    picks(&semver("*"), &["1.0.0-rc1", "0.9.0"], Some("0.9.0"));
    picks(
        &semver_with("^1", true, None),
        &["1.0.0-rc.1", "0.9.0"],
        Some("1.0.0-rc.1"),
    );
    picks(
        &semver_with("^1", true, None),
        &["1.0.0-rc.2", "1.0.0-rc.10"],
        Some("1.0.0-rc.10"),
    );
    picks(
        &semver_with("^1", true, None),
        &["1.0.0-rc.1", "1.0.0"],
        Some("1.0.0"),
    );
    picks(
        &semver_with("^1", true, None),
        &["1.0.0-01", "1.0.0-2"],
        Some("1.0.0-2"),
    );
    picks(
        &semver_with("<2", true, None),
        &["1.9.0", "2.0.0-rc1"],
        Some("1.9.0"),
    );
}

#[test]
fn a_variant_is_ordered_among_its_own_kind() {
    let alpine = semver_with("*", false, Some("alpine"));
    picks(
        &alpine,
        &["1.2.3-alpine", "1.10.0-alpine", "1.11.0", "2.0.0-debian"],
        Some("1.10.0-alpine"),
    );
    picks(&semver("*"), &["1.2.3-alpine", "1.0.0"], Some("1.0.0"));
}

#[test]
fn equal_versions_are_one_version() {
    let policy = semver("*");
    picks(&policy, &["1.4.0_9", "1.4.0_12"], Some("1.4.0_12"));
    picks(&policy, &["1.4.0", "v1.4.0"], Some("v1.4.0"));
    let tags: TagList = ["1.4.0", "v1.4.0", "1.4.0_9"].into_iter().collect();
    let deployed: Tag = "1.4.0".parse().unwrap();
    assert_eq!(
        policy.select(&tags, Some(&deployed)).wanted,
        Some(deployed),
        "the deployed spelling stays"
    );
}

#[test]
fn numeric_compares_numbers_of_any_length() {
    let numeric = filtered(Order::Numeric(Direction::Ascending), None, None, None);
    picks(&numeric, &["9", "10", "007"], Some("10"));
    picks(
        &numeric,
        &["99999999999999999998", "99999999999999999999"],
        Some("99999999999999999999"),
    );
    picks(&numeric, &["1.25", "1.3"], Some("1.3"));
    picks(&numeric, &["1.2.3", "x", "-1"], None);
    let lowest = filtered(Order::Numeric(Direction::Descending), None, None, None);
    picks(&lowest, &["9", "10"], Some("9"));
}

#[test]
fn extract_is_compared_instead_of_the_tag() {
    let builds = filtered(
        Order::Numeric(Direction::Ascending),
        None,
        None,
        Some(r"^main-\w+-(\d+)$"),
    );
    picks(
        &builds,
        &["main-abc-99", "main-fff-101", "dev-abc-500"],
        Some("main-fff-101"),
    );
    let versions = filtered(
        Order::semver("*").unwrap(),
        None,
        None,
        Some(r"^release-(.+)$"),
    );
    picks(
        &versions,
        &["release-1.2.0", "release-1.10.0", "9.9.9"],
        Some("release-1.10.0"),
    );
}

#[test]
fn include_and_exclude_narrow() {
    let policy = filtered(
        Order::Alphabetical(Direction::Ascending),
        Some("^rel"),
        Some("bad"),
        None,
    );
    picks(
        &policy,
        &["rel-a", "rel-b", "rel-c-bad", "zzz"],
        Some("rel-b"),
    );
}

#[test]
fn a_fixed_tag_is_itself() {
    let policy =
        TagPolicy::new(Order::Tag("latest".parse().unwrap()), &Filters::default()).unwrap();
    picks(&policy, &["v1.0.0", "latest"], Some("latest"));
    picks(&policy, &["v1.0.0"], None);
    assert!(policy.fixed_tag().is_some());
}

#[test]
fn signatures_and_attestations_never_count() {
    let hex = "a".repeat(64);
    let policy = filtered(Order::Alphabetical(Direction::Ascending), None, None, None);
    picks(
        &policy,
        &[
            "main",
            &format!("sha256-{hex}"),
            &format!("sha256-{hex}.sig"),
            &format!("sha256-{hex}.att"),
        ],
        Some("main"),
    );
    picks(&policy, &["main", "sha256-short"], Some("sha256-short"));
}

#[test]
fn the_go_services_release_rule_is_expressible() {
    let policy = filtered(
        Order::semver("*").unwrap(),
        Some(r"^v\d{1,3}\.\d{1,3}\.\d{1,3}$"),
        Some("[0-9a-fA-F]{40}"),
        None,
    );
    picks(
        &policy,
        &["v1.2.3", "1.9.9", "v1.2.4-rc1", "v1000.0.0", "v1.2.10"],
        Some("v1.2.10"),
    );
}

#[track_caller]
fn compares(policy: &TagPolicy, a: &str, b: &str, expected: Option<Ordering>) {
    let (a, b): (Tag, Tag) = (a.parse().unwrap(), b.parse().unwrap());
    assert_eq!(policy.compare(&a, &b), expected, "{a} against {b}");
}

#[test]
fn tags_outside_the_policy_are_still_compared() {
    compares(&semver("^1"), "1.9.0", "2.0.0", Some(Ordering::Less));
    compares(&semver("^1"), "1.0.0", "latest", None);
    compares(
        &semver_with("*", false, Some("alpine")),
        "1.2.2-alpine",
        "1.2.3",
        Some(Ordering::Less),
    );
    compares(
        &semver_with("*", false, Some("alpine")),
        "1.2.2-alpine",
        "1.2.3-debian",
        Some(Ordering::Less),
    );
}

#[track_caller]
fn refuses(order: Result<Order, PolicyError>, filters: &Filters, message: &str) {
    let error = order
        .and_then(|order| TagPolicy::new(order, filters))
        .unwrap_err();
    assert!(error.to_string().starts_with(message), "{error}");
}

#[test]
fn a_policy_that_cannot_work_is_refused() {
    let none = Filters::default();
    refuses(Order::semver("one"), &none, "`one` is no version range: ");
    let pattern = |text: &str| Some(text.to_owned());
    refuses(
        Order::semver("*"),
        &Filters {
            include: pattern("("),
            ..none.clone()
        },
        "`include` is no regular",
    );
    refuses(
        Order::semver("*"),
        &Filters {
            extract: pattern("x"),
            ..none.clone()
        },
        "`extract` needs a capture",
    );
    refuses(
        Ok(Order::Tag("latest".parse().unwrap())),
        &Filters {
            exclude: pattern("x"),
            ..none
        },
        "a fixed tag takes neither",
    );
}

#[test]
fn a_rejected_tag_says_why() {
    let policy = semver_with("^1", false, None);
    for (tag, why) in [
        ("latest", Rejection::NotAVersion),
        ("2.0.0", Rejection::OutsideRange),
        ("1.0.0-rc1", Rejection::Prerelease),
    ] {
        assert_eq!(policy.admit(&tag.parse().unwrap()), Err(why), "{tag}");
    }
    assert_eq!(policy.admit(&"v1.0.0".parse().unwrap()), Ok(()));
}
