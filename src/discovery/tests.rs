use super::*;
use crate::policy::{Direction, Order};
use crate::watch::{AdoptMode, DriftMode};

fn rules() -> Rules {
    Rules {
        registries: ["registry.example", "docker.io"]
            .map(|host| host.parse().unwrap())
            .into(),
        interval: Duration::from_mins(1),
        min_interval: Duration::from_secs(10),
        mode: Mode::Deploy,
    }
}

/// A job of that name, with labels that are given without their prefix.
fn labelled(job: &str, image: &str, labels: &[(&str, &str)]) -> Discovered {
    let labels = labels.iter();
    Discovered {
        workload: Workload {
            deployer: "nomad".parse().unwrap(),
            address: [("job", job)].into(),
        },
        image: image.to_owned(),
        labels: labels
            .map(|(name, value)| (format!("registrywatcher.{name}"), (*value).to_owned()))
            .collect(),
    }
}

fn web(labels: &[(&str, &str)]) -> Discovered {
    labelled("web", "registry.example/acme/web:v1.0.0", labels)
}

fn planned(found: &[Discovered]) -> Plan {
    plan(found, &rules(), |name| name.as_str() == "configured")
}

#[track_caller]
fn watched(labels: &[(&str, &str)]) -> Watch {
    let mut plan = planned(&[web(labels)]);
    assert_eq!(plan.faults, [], "of {labels:?}");
    plan.watches.pop_first().unwrap().1
}

#[track_caller]
fn refused(found: &[Discovered], expected: &[&str]) {
    let plan = planned(found);
    let faults: Vec<String> = plan.faults.iter().map(Fault::to_string).collect();
    assert_eq!(faults, expected);
}

#[test]
fn a_label_is_all_that_it_takes() {
    let watch = watched(&[("policy", "semver")]);
    assert_eq!(watch.name.as_str(), "nomad.web");
    assert_eq!(watch.image.to_string(), "registry.example/acme/web");
    assert_eq!(watch.policy.to_string(), "semver *");
    assert_eq!(watch.workloads[0].to_string(), "nomad:job=web");
    assert_eq!(watch.interval, Duration::from_mins(1));
    assert_eq!(watch.min_interval, Duration::from_secs(10));
    assert_eq!((watch.mode, watch.drift), (Mode::Deploy, DriftMode::Hold));
    assert_eq!((watch.adopt, watch.parallel), (AdoptMode::Assume, false));
}

#[test]
fn every_policy_of_the_configuration_can_be_written() {
    let order = |labels: &[(&str, &str)]| watched(labels).policy.order().clone();
    for (text, expected) in [
        ("semver:^1.2", Order::semver("^1.2").unwrap()),
        ("semver: >=2, <3 ", Order::semver(">=2, <3").unwrap()),
        ("numeric", Order::Numeric(Direction::Ascending)),
        ("numeric:desc", Order::Numeric(Direction::Descending)),
        (
            "alphabetical:asc",
            Order::Alphabetical(Direction::Ascending),
        ),
        ("tag:latest", Order::Tag("latest".parse().unwrap())),
    ] {
        assert_eq!(order(&[("policy", text)]), expected, "{text}");
    }
    let variant = order(&[
        ("policy", "semver"),
        ("prerelease", "true"),
        ("variant", "alpine"),
    ]);
    assert_eq!(
        variant.to_string(),
        "semver * with pre-releases, variant alpine"
    );
    let policy = watched(&[
        ("policy", "numeric"),
        ("include", "^build-"),
        ("exclude", "bad"),
        ("extract", r"^build-(\d+)$"),
    ])
    .policy;
    assert_eq!(
        policy.to_string(),
        r"numeric, include ^build-, exclude bad, extract ^build-(\d+)$"
    );
}

#[test]
fn the_settings_of_a_watch_can_be_labels_too() {
    let watch = watched(&[
        ("policy", "semver:^1"),
        ("watch", "shop"),
        ("interval", "30s"),
        ("min_interval", "0s"),
        ("mode", "observe"),
        ("drift", "correct"),
        ("adopt", "redeploy"),
        ("parallel", "true"),
    ]);
    assert_eq!(watch.name.as_str(), "shop");
    assert_eq!(watch.interval, Duration::from_secs(30));
    assert_eq!(watch.min_interval, Duration::ZERO);
    assert_eq!(
        (watch.mode, watch.drift),
        (Mode::Observe, DriftMode::Correct)
    );
    assert_eq!((watch.adopt, watch.parallel), (AdoptMode::Redeploy, true));
}

#[test]
fn the_image_is_watched_in_its_spelling_whatever_pins_it() {
    let digest = "a".repeat(64);
    for (image, expected) in [
        (
            "registry.example/acme/web".to_owned(),
            "registry.example/acme/web",
        ),
        (
            format!("registry.example/acme/web:v1@sha256:{digest}"),
            "registry.example/acme/web",
        ),
        ("nginx:1.27".to_owned(), "nginx"),
    ] {
        let plan = planned(&[labelled("web", &image, &[("policy", "semver")])]);
        let watch = plan.watches.values().next().unwrap();
        assert_eq!(watch.image.to_string(), expected, "{image}");
    }
}

#[test]
fn labels_deploy_nothing_where_nothing_is_to_be_deployed() {
    let rules = Rules {
        mode: Mode::Observe,
        ..rules()
    };
    let found = [web(&[("policy", "semver"), ("mode", "deploy")])];
    let plan = plan(&found, &rules, |_| false);
    assert_eq!(plan.watches.values().next().unwrap().mode, Mode::Observe);
}

#[test]
fn all_that_is_wrong_is_told_with_what_to_do() {
    refused(
        &[web(&[
            ("policy", "semver:^x"),
            ("polcy", "semver"),
            ("colour", "red"),
            ("include", "("),
            ("interval", "fast"),
            ("min_interval", "5"),
            ("mode", "watch"),
            ("parallel", "yes"),
            ("order", "first"),
            ("watch", "no name"),
        ])],
        &[
            "`nomad:job=web`: `registrywatcher.include` is no regular expression: regex parse error: ( ^ error: unclosed group",
            "`nomad:job=web`: `registrywatcher.interval` is `fast`; write a time with its unit, such as `59s` or `1m30s`",
            "`nomad:job=web`: `registrywatcher.min_interval` is `5`; write a time with its unit, such as `59s` or `1m30s`",
            "`nomad:job=web`: `registrywatcher.mode` is `watch`; write `deploy` or `observe`",
            "`nomad:job=web`: `registrywatcher.order` is `first`; write a whole number from 0",
            "`nomad:job=web`: `registrywatcher.parallel` is `yes`; write `true` or `false`",
            "`nomad:job=web`: `registrywatcher.policy`: `^x` is no version range: unexpected character 'x' while parsing \
             major version number",
            "`nomad:job=web`: `registrywatcher.watch` names no watch: ` ` cannot appear at position 2 of the name of a \
             watch; use letters, digits, `.`, `_` and `-`",
            "`nomad:job=web`: the label `registrywatcher.colour` is not known; known are `registrywatcher.adopt`, \
             `registrywatcher.drift`, `registrywatcher.exclude`, `registrywatcher.extract`, `registrywatcher.include`, \
             `registrywatcher.interval`, `registrywatcher.min_interval`, `registrywatcher.mode`, \
             `registrywatcher.order`, `registrywatcher.parallel`, `registrywatcher.policy`, `registrywatcher.prerelease`, \
             `registrywatcher.variant`, `registrywatcher.watch`",
            "`nomad:job=web`: the label `registrywatcher.polcy` is not known; did you mean `registrywatcher.policy`?",
        ],
    );
}

#[test]
fn a_policy_that_is_none_is_told_with_examples() {
    for (text, told) in [
        (
            "semvr:^1",
            "`registrywatcher.policy` is `semvr:^1`; write `semver`",
        ),
        ("tag", "`registrywatcher.policy` is `tag`; write `semver`"),
        (
            "tag:",
            "`registrywatcher.policy` names no tag: a tag cannot be empty",
        ),
        (
            "numeric:up",
            "`registrywatcher.policy` is `numeric:up`; write `numeric:asc` or",
        ),
    ] {
        let plan = planned(&[web(&[("policy", text)])]);
        assert!(
            plan.faults[0].problem.starts_with(told),
            "{:?}",
            plan.faults
        );
        assert_eq!(plan.watches.len(), 0);
    }
    refused(
        &[web(&[("policy", "numeric"), ("variant", "alpine")])],
        &["`nomad:job=web`: `registrywatcher.variant` belongs to `semver` alone; leave it out"],
    );
    refused(
        &[web(&[("policy", "tag:latest"), ("include", "x")])],
        &["`nomad:job=web`: a fixed tag takes neither `include`, `exclude` nor `extract`"],
    );
    refused(
        &[web(&[("policy", "semver"), ("interval", "100ms")])],
        &["`nomad:job=web`: `registrywatcher.interval` is 100ms; write at least `10s`"],
    );
}

#[test]
fn no_fault_commands_a_terminal() {
    let plan = planned(&[web(&[("policy", "\u{1b}[2J\r\nsemver"), ("\u{7}", "x")])]);
    assert_eq!(plan.faults.len(), 2);
    for fault in &plan.faults {
        assert!(!fault.problem.contains(char::is_control), "{fault:?}");
    }
}

#[test]
fn only_images_of_configured_registries_are_watched() {
    refused(
        &[labelled(
            "web",
            "evil.example/acme/web:v1",
            &[("policy", "semver")],
        )],
        &[
            "`nomad:job=web`: its image is of evil.example, which is not configured; `[registries.\"evil.example\"]` lets \
           discovered workloads be of it",
        ],
    );
    refused(
        &[labelled("web", "${image}", &[("policy", "semver")])],
        &[
            "`nomad:job=web`: its image cannot be watched: `${image}` names no repository: a repository's path is lower-case \
             letters and digits, joined by `.`, `_`, `__`, `-` or `/`",
        ],
    );
}

#[test]
fn a_name_of_the_configuration_is_not_for_labels() {
    refused(
        &[web(&[("policy", "semver"), ("watch", "configured")])],
        &[
            "`nomad:job=web`: its watch would be `configured`, which the configuration has already; name another one by \
           `registrywatcher.watch`",
        ],
    );
}

#[test]
fn workloads_that_name_the_same_watch_are_one() {
    let labels = [("policy", "semver:^1"), ("watch", "shop")];
    let image = "registry.example/acme/web:v1.0.0";
    let plan = planned(&[
        labelled("worker", image, &labels),
        labelled("web", "registry.example/acme/web:v1.1.0", &labels),
        labelled("other", image, &[("policy", "semver")]),
    ]);
    assert_eq!(plan.faults, []);
    let shop = &plan.watches[&"shop".parse().unwrap()];
    let workloads: Vec<String> = shop.workloads.iter().map(Workload::to_string).collect();
    assert_eq!(workloads, ["nomad:job=web", "nomad:job=worker"]);
    assert_eq!(plan.watches.len(), 2);
}

#[test]
fn workloads_of_one_watch_stand_in_the_order_that_their_labels_give() {
    let claim = |job: &str, order: &str| {
        let labels = [("policy", "semver"), ("watch", "shop"), ("order", order)];
        labelled(job, "registry.example/acme/web:v1.0.0", &labels)
    };
    let found = [
        claim("a", "2"),
        claim("b", "10"),
        claim("c", "2"),
        claim("d", "0"),
    ];
    let plan = planned(&found);
    let shop = &plan.watches[&"shop".parse().unwrap()];
    let jobs: Vec<_> = shop
        .workloads
        .iter()
        .map(|w| w.address.get("job").unwrap())
        .collect();
    assert_eq!(jobs, ["d", "a", "c", "b"]);
}

#[test]
fn workloads_that_disagree_are_no_watch_at_all() {
    let image = "registry.example/acme/web:v1.0.0";
    let found = [
        labelled("web", image, &[("policy", "semver:^1"), ("watch", "shop")]),
        labelled(
            "worker",
            image,
            &[("policy", "semver:^2"), ("watch", "shop")],
        ),
    ];
    refused(
        &found,
        &[
            "`nomad:job=worker`: it is to be watched by `shop` as `nomad:job=web` is, but its policy is another; write the \
           same for both",
        ],
    );
    assert_eq!(planned(&found).watches.len(), 0);
    let other = "registry.example/acme/other:v1.0.0";
    let found = [
        labelled("web", image, &[("policy", "semver"), ("watch", "shop")]),
        labelled("worker", other, &[("policy", "semver"), ("watch", "shop")]),
    ];
    assert!(
        planned(&found).faults[0]
            .problem
            .contains("its repository is another")
    );
}

#[test]
fn a_watch_of_which_one_workload_is_faulty_is_not_there_in_part() {
    let image = "registry.example/acme/web:v1.0.0";
    let plan = planned(&[
        labelled("web", image, &[("policy", "semver"), ("watch", "shop")]),
        labelled("worker", image, &[("policy", "semvr"), ("watch", "shop")]),
    ]);
    assert_eq!((plan.faults.len(), plan.watches.len()), (1, 0));
}

#[test]
fn a_name_that_labels_give_and_another_workload_would_have_is_told() {
    let image = "registry.example/acme/web:v1.0.0";
    refused(
        &[
            labelled("web", image, &[("policy", "semver")]),
            labelled(
                "worker",
                image,
                &[("policy", "semver"), ("watch", "nomad.web")],
            ),
        ],
        &[
            "`nomad:job=web`: its watch would be `nomad.web`, as that of another workload; name it by `registrywatcher.watch`",
        ],
    );
}
