//! What can be asked of the service.

use std::time::Duration;

use registrywatcher::app::{CommandError, WatchQuery, WatchStatus};
use registrywatcher::decision::Gate;
use registrywatcher::deployment::Failure;
use registrywatcher::policy::Rejection;
use registrywatcher::ports::{Clock, Quota};
use registrywatcher::watch::Watch;
use registrywatcher_memory::RegistryFault;

use super::house::{House, job, repository, running_v1, tag, watch};

impl House {
    fn found(&self, search: Option<&str>, status: Option<WatchStatus>) -> usize {
        let query = WatchQuery {
            search: search.map(ToOwned::to_owned),
            status,
            after: None,
            limit: 10,
        };
        self.app.find_watches(&query).len()
    }

    /// The names of one page.
    fn page(&self, after: Option<&str>, status: Option<WatchStatus>, limit: usize) -> Vec<String> {
        let query = WatchQuery {
            search: None,
            status,
            after: after.map(|name| name.parse().unwrap()),
            limit,
        };
        let found = self.app.find_watches(&query).into_iter();
        found.map(|view| view.watch.name.to_string()).collect()
    }
}

#[tokio::test]
async fn watches_are_found_by_name_by_repository_and_by_what_comes_after() {
    let house = running_v1().await;
    for (search, found) in [("WE", 1), ("Acme", 1), ("api", 0)] {
        assert_eq!(house.found(Some(search), None), found, "{search}");
    }
    let query = WatchQuery {
        search: None,
        status: None,
        after: Some(house.watches[0].name.clone()),
        limit: 10,
    };
    assert!(house.app.find_watches(&query).is_empty());
}

#[tokio::test]
async fn watches_are_found_by_how_they_are() {
    let mut house = running_v1().await;
    house.turn().await;
    assert_eq!(house.found(None, Some(WatchStatus::UpToDate)), 1);
    house.push("v1.1.0", 2);
    house.poll().await;
    assert_eq!(house.found(None, Some(WatchStatus::Deploying)), 1);
    assert_eq!(house.found(None, Some(WatchStatus::UpToDate)), 0);
    house.deployer.fail_next_image("it crashes", true);
    house.drive().await;
    assert_eq!(house.found(None, Some(WatchStatus::Failed)), 1);
    house.restart().await;
    assert_eq!(house.found(None, Some(WatchStatus::Held)), 0);
}

#[tokio::test]
async fn an_explanation_names_the_best_tags_and_every_gate() {
    let house = running_v1().await;
    for (text, n) in [("v1.1.0", 2), ("v1.10.0", 3), ("v1.2.0", 4), ("latest", 5)] {
        house.push(text, n);
    }
    house.deployer.fail_next_image("it crashes", true);
    house.turn().await;
    house.turn().await;
    let name = &house.watches[0].name;
    let told = house.app.explain(name, 3).unwrap();
    let best = ["v1.10.0", "v1.2.0", "v1.1.0"].map(tag);
    assert_eq!(told.candidates, best);
    assert_eq!(told.selection.unwrap().rejected, 1);
    assert_eq!((told.gates.len(), told.gates[0].len()), (1, 12));
    let closed = |gate: &&Gate| gate.closed.is_some();
    let closed: Vec<&str> = told.gates[0]
        .iter()
        .filter(closed)
        .map(|gate| gate.name)
        .collect();
    assert_eq!(closed, house.holds());
    assert!(house.app.explain(&"nope".parse().unwrap(), 3).is_none());
}

#[tokio::test]
async fn tags_are_told_in_pages_with_what_the_policy_makes_of_them() {
    let house = running_v1().await;
    house.push("latest", 5);
    house.turn().await;
    let name = &house.watches[0].name;
    let page = house.app.tags(name, None, 1).await.unwrap().unwrap();
    assert_eq!((page.len(), &page[0].tag), (1, &tag("latest")));
    assert_eq!(page[0].admitted, Err(Rejection::NotAVersion));
    assert_eq!((&page[0].version, page[0].wanted), (&None, false));
    let after = Some(&page[0].tag);
    let rest = house.app.tags(name, after, 1).await.unwrap().unwrap();
    assert_eq!((rest.len(), &rest[0].tag), (1, &tag("v1.0.0")));
    assert_eq!((rest[0].admitted, rest[0].wanted), (Ok(()), true));
    assert_eq!(rest[0].version.as_deref(), Some("1.0.0"));
    assert!(rest[0].image.is_some() && rest[0].first_seen < page[0].first_seen);
    let last = house.app.tags(name, Some(&rest[0].tag), 1).await;
    assert_eq!(last.unwrap().unwrap(), []);
    let unknown = house.app.tags(&"nope".parse().unwrap(), None, 1).await;
    assert_eq!(unknown.unwrap(), None);
}

#[tokio::test]
async fn a_check_polls_at_once_and_tells_why_it_cannot() {
    let house = running_v1().await;
    house.push("v1.1.0", 2);
    let name = &house.watches[0].name;
    let view = house.app.check(name).await.unwrap();
    assert_eq!(view.wanted.unwrap(), tag("v1.1.0"));
    house.registry.set_fault(Some(RegistryFault::Unavailable));
    let refused = house.app.check(name).await;
    assert!(matches!(refused, Err(CommandError::NotPolled { .. })));
    let unknown = house.app.check(&"nope".parse().unwrap()).await;
    assert!(matches!(unknown, Err(CommandError::UnknownWatch { .. })));
}

#[tokio::test]
async fn a_check_is_refused_by_a_replica_that_does_not_attend() {
    let mut first = running_v1().await;
    first.share().await;
    first.app.renew_leases().await.unwrap();
    let second = first.neighbour().await;
    let before = first.registry.requests();
    let refused = second.app.check(&second.watches[0].name).await;
    assert!(matches!(
        refused,
        Err(CommandError::AttendedElsewhere { .. })
    ));
    assert_eq!(first.registry.requests(), before);
}

#[tokio::test]
async fn watches_are_told_in_pages_of_which_none_is_left_out() {
    let mut house = running_v1().await;
    for name in ["api", "shop", "edge"] {
        house.deployer.add_idle_workload(name);
        house.watches.push(Watch {
            name: name.parse().unwrap(),
            workloads: vec![job(name)],
            ..watch(&[])
        });
    }
    house.restart().await;
    assert_eq!(house.page(None, None, 3), ["api", "edge", "shop"]);
    assert_eq!(house.page(Some("shop"), None, 3), ["web"]);
    assert_eq!(house.page(Some("web"), None, 3), [""; 0]);
    assert_eq!(house.page(Some("fair"), None, 1), ["shop"], "it is gone");
    house.turn().await;
    let message = "no node has room".to_owned();
    let no_room = Failure::Orchestrator { message };
    house.deployer.fail_next(no_room, true);
    house.push("v1.1.0", 2);
    house.turn().await;
    let failed = house.page(None, Some(WatchStatus::Failed), 10);
    assert_eq!(failed.len(), 1, "the first whose turn it was");
    let well = |after: Option<&str>| house.page(after, Some(WatchStatus::UpToDate), 2);
    let first = well(None);
    let rest = well(first.last().map(String::as_str));
    assert_eq!((first.len(), rest.len()), (2, 1), "only those count");
}

#[tokio::test]
async fn registries_are_told_with_what_they_said_last() {
    let house = running_v1().await;
    let all = || house.app.registries(|_| true);
    let before = all();
    assert_eq!(before.len(), 1);
    assert_eq!(before[0].host, *repository().registry());
    assert_eq!((before[0].watches, &before[0].quota), (1, &None));
    assert!(before[0].faults.is_empty() && before[0].seen_at.is_some());
    let quota = Quota {
        limit: 100,
        remaining: 7,
        window: None,
        told_at: house.clock.now(),
    };
    house.registry.tell_quota(&before[0].host, quota.clone());
    house.registry.set_fault(Some(RegistryFault::Unauthorized));
    house.turn().await;
    let after = all();
    assert_eq!(after[0].quota, Some(quota));
    assert_eq!(after[0].seen_at, before[0].seen_at, "not seen since");
    assert_eq!(after[0].faults.len(), 1);
    assert_eq!(after[0].faults[0].0, repository());
    assert_eq!(house.app.registries(|_| false), [], "none that may be seen");
    house.registry.set_fault(None);
    house.turn().await;
    assert!(all()[0].faults.is_empty() && all()[0].seen_at > before[0].seen_at);
}

#[tokio::test]
async fn an_instance_tells_of_itself_and_of_what_it_attends_to() {
    let mut first = running_v1().await;
    let alone = first.app.instance();
    assert_eq!((alone.replica, alone.leases), (None, None));
    first.share().await;
    first.app.renew_leases().await.unwrap();
    let second = first.neighbour().await;
    first.poll().await;
    first.clock.advance(Duration::from_secs(5));
    let (one, other) = (first.app.instance(), second.app.instance());
    assert_ne!(one.replica, other.replica);
    assert_eq!((one.uptime, one.watches), (Duration::from_secs(5), 1));
    let held = |leases: Option<std::collections::BTreeSet<_>>| leases.map(|held| held.len());
    assert_eq!((held(one.leases), held(other.leases)), (Some(2), Some(0)));
    assert_eq!(first.app.registries(|_| true).len(), 1);
    assert_eq!(second.app.registries(|_| true), [], "it polls none");
}
