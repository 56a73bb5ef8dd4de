use chrono::{DateTime, Utc};

use super::*;
use crate::event::{EventKind, Subject};
use crate::intent::Author;
use crate::watch::{Address, Workload};

fn event(watch: Option<&str>, kind: EventKind) -> Event {
    Event {
        id: 1,
        at: DateTime::<Utc>::UNIX_EPOCH,
        watch: watch.map(|name| name.parse().unwrap()),
        kind,
    }
}

fn retired(watch: &str) -> Event {
    event(Some(watch), EventKind::WatchRetired)
}

fn subject(attempt: u32) -> Subject {
    let digest = format!("sha256:{}", "1".repeat(64));
    Subject {
        deployment: crate::deployment::DeploymentId(uuid::Uuid::nil()),
        workload: Workload {
            deployer: "production".parse().unwrap(),
            address: Address::default(),
        },
        repository: "ghcr.io/acme/web".parse().unwrap(),
        tag: "v1".parse().unwrap(),
        digest: digest.parse().unwrap(),
        previous_tag: None,
        attempt,
    }
}

#[test]
fn a_route_without_conditions_admits_everything_once() {
    let route = Route::default();
    assert!(route.admits(&retired("web")));
    let again = |attempt| EventKind::DeploymentStarted {
        subject: subject(attempt),
    };
    assert!(route.admits(&event(Some("web"), again(1))));
    assert!(!route.admits(&event(Some("web"), again(2))), "tried again");
    let success = EventKind::DeploymentSucceeded {
        subject: subject(3),
    };
    assert!(route.admits(&event(Some("web"), success)));
    let repeats = Route {
        repeats: true,
        ..route
    };
    assert!(repeats.admits(&event(Some("web"), again(2))));
}

#[test]
fn watches_are_named_or_begin_alike_and_what_concerns_all_is_told_to_all() {
    let route = Route {
        watches: vec!["web".parse().unwrap(), "api-*".parse().unwrap()],
        ..Route::default()
    };
    for (watch, admitted) in [
        ("web", true),
        ("web-2", false),
        ("api-1", true),
        ("api", false),
    ] {
        assert_eq!(route.admits(&retired(watch)), admitted, "{watch}");
    }
    let of_all = EventKind::Unfrozen {
        by: Author::new("alice"),
        everywhere: true,
    };
    assert!(route.admits(&event(None, of_all)));
}

#[test]
fn kinds_and_severity_narrow_a_route() {
    let of_kind = |kind: &str| Route {
        kinds: BTreeSet::from([kind.to_owned()]),
        ..Route::default()
    };
    assert!(of_kind("watch_retired").admits(&retired("web")));
    assert!(!of_kind("frozen").admits(&retired("web")));
    let at_least = |severity| Route {
        severity,
        ..Route::default()
    };
    assert!(at_least(Severity::Warning).admits(&retired("web")));
    assert!(!at_least(Severity::Error).admits(&retired("web")));
}

#[test]
fn a_star_stands_at_the_end_alone() {
    assert!("*".parse::<NamePattern>().unwrap().matches("anything"));
    for pattern in ["", "*web", "a*b", "**"] {
        assert!(pattern.parse::<NamePattern>().is_err(), "{pattern:?}");
    }
    assert_eq!("web-*".parse::<NamePattern>().unwrap().to_string(), "web-*");
}
