//! The registries, who calls, and which process answers.

use std::time::Duration;

use poem::http::Method;
use registrywatcher::app::{Discovery, Sharing};
use registrywatcher::discovery::Rules;
use registrywatcher::ports::{Capabilities, Clock, Deployer, Quota};
use registrywatcher::token::{Role, Token};
use registrywatcher::watch::Mode;
use registrywatcher_conformance::samples;
use registrywatcher_memory::RegistryFault;
use serde_json::{Value, json};

use super::house::{Differences, House, SINK, repository};
use super::roles::{token, with_tokens};
use super::tokens::limited;

const REGISTRIES: &str = "/api/v1/registries";

#[tokio::test]
async fn a_registry_is_told_with_its_health_and_its_quota() {
    let house = House::with(Differences::default()).await;
    let unasked =
        json!({ "host": "registry.example", "healthy": true, "watches": 1, "faults": [] });
    let listed = house.get(REGISTRIES).await;
    assert_eq!(
        (listed.status, listed.body),
        (200, json!({ "items": [unasked] }))
    );

    house.turn().await;
    let seen_at = house.in_seconds(0);
    let well = json!({
        "host": "registry.example", "healthy": true, "watches": 1, "faults": [], "seen_at": seen_at,
    });
    assert_eq!(house.get(REGISTRIES).await.body["items"], json!([well]));

    let quota = Quota {
        limit: 100,
        remaining: 7,
        window: Some(Duration::from_hours(6)),
        told_at: house.clock.now(),
    };
    house.registry.tell_quota(repository().registry(), quota);
    house.registry.set_fault(Some(RegistryFault::Unavailable));
    house.turn().await;
    let registry = &house.get(REGISTRIES).await.body["items"][0];
    assert_eq!(registry["healthy"], false);
    assert_eq!(registry["seen_at"], seen_at);
    assert_eq!(
        registry["faults"][0]["repository"],
        "registry.example/acme/web"
    );
    assert!(registry["faults"][0]["message"].is_string());
    assert_eq!(
        registry["quota"],
        json!({ "limit": 100, "remaining": 7, "window_seconds": 21600, "told_at": seen_at })
    );
}

#[tokio::test]
async fn registries_of_watches_that_a_token_is_not_for_are_left_out() {
    let house = House::with(Differences {
        tokens: vec![limited("willa", &["web"]), limited("otto", &["website"])],
        ..Differences::default()
    })
    .await;
    house.turn().await;
    let seen = async |name| {
        let listed = house.call_as(name, Method::GET, REGISTRIES).await.body;
        listed["items"].as_array().unwrap().len()
    };
    assert_eq!((seen("willa").await, seen("otto").await), (1, 0));
}

#[tokio::test]
async fn a_caller_is_told_who_they_are() {
    let house = House::new().await;
    let anonymous = json!({ "name": "anonymous", "role": "admin", "anonymous": true });
    assert_eq!(house.get("/api/v1/whoami").await.body, anonymous);

    let house = House::with(with_tokens()).await;
    let expires_at = house.clock.now() + Duration::from_hours(1);
    house.access.update(vec![Token {
        expires_at: Some(expires_at),
        ..limited("willa", &["web", "site-*"])
    }]);
    let who = async |name| house.call_as(name, Method::GET, "/api/v1/whoami").await;
    let dora = json!({ "name": "dora", "role": "deployer", "anonymous": false });
    assert_eq!(who("dora").await.body, dora);
    let willa = json!({
        "name": "willa",
        "role": "admin",
        "anonymous": false,
        "watches": ["web", "site-*"],
        "expires_at": house.in_seconds(3600),
    });
    assert_eq!(who("willa").await.body, willa);
    assert_eq!(who("").await.problem(), "unauthenticated");
}

async fn with_replicas(tokens: Vec<Token>) -> House {
    let sharing = Sharing {
        lease: Duration::from_secs(15),
        fingerprint: "the configuration".to_owned(),
    };
    let house = House::with(Differences {
        tokens,
        sharing: Some(sharing),
        ..Differences::default()
    })
    .await;
    house.app.renew_leases().await.unwrap();
    house
}

#[tokio::test]
async fn an_instance_is_told_with_its_version_and_its_uptime() {
    let house = House::new().await;
    house.clock.advance(Duration::from_millis(2_500));
    let instance = house.get("/api/v1/instance").await.body;
    let alone = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "uptime_seconds": 62,
        "watches": 1,
    });
    assert_eq!(instance, alone);
}

#[tokio::test]
async fn a_replica_is_told_with_the_leases_that_a_token_is_for() {
    let tokens = vec![
        token("vera", Role::Viewer),
        limited("willa", &["web"]),
        limited("otto", &["website"]),
    ];
    let house = with_replicas(tokens).await;
    let instance = async |name| {
        house
            .call_as(name, Method::GET, "/api/v1/instance")
            .await
            .body
    };
    let (watch, sink) = (
        json!({ "kind": "watch", "name": "web" }),
        json!({ "kind": "sink", "name": SINK }),
    );
    let everything = instance("vera").await;
    assert!(everything["replica"].is_string());
    assert_eq!(everything["leases"], json!([watch, sink]));
    let at_home = instance("willa").await;
    assert_eq!(
        (&at_home["leases"], &at_home["watches"]),
        (&json!([watch]), &json!(1))
    );
    let elsewhere = instance("otto").await;
    let none: [Value; 0] = [];
    assert_eq!(
        (&elsewhere["leases"], &elsewhere["watches"]),
        (&json!(none), &json!(0))
    );
}

/// A house where `shop` asks to be watched, and `api` does in words that are not understood.
async fn discovering() -> House {
    let rules = Rules {
        registries: [repository().registry().clone()].into(),
        interval: Duration::from_mins(1),
        min_interval: Duration::ZERO,
        mode: Mode::Deploy,
    };
    let house = House::with(Differences {
        tokens: vec![token("vera", Role::Viewer), limited("willa", &["web"])],
        discovery: Some(Discovery {
            deployers: [("production".parse().unwrap(), Duration::from_mins(1))].into(),
            rules,
        }),
        ..Differences::default()
    })
    .await;
    house.deployer.set_capabilities(Capabilities {
        discovers: true,
        ..house.deployer.capabilities()
    });
    for (job, policy) in [("shop", "semver"), ("api", "semvr")] {
        let workload = samples::workload("production", &[("job", job)]);
        let image = format!("{}:v1.0.0", repository());
        house.deployer.add_workload(job, &image);
        let labels = [("registrywatcher.policy", policy)];
        house.deployer.label(job, &workload, &labels);
    }
    house.discover().await;
    house
}

#[tokio::test]
async fn an_instance_tells_how_discovery_goes_to_whom_everything_is_for() {
    let house = discovering().await;
    let instance = async |name| {
        let answer = house.call_as(name, Method::GET, "/api/v1/instance");
        answer.await.body
    };
    let problem = "`registrywatcher.policy` is `semvr`; write `semver`, `semver:^1`, `numeric`, `alphabetical` or \
                   `tag:latest`, for example";
    let unwatched = json!([{
        "workload": "production:job=api", "watch": "production.api", "problem": problem,
    }]);
    let well = json!([{ "deployer": "production", "found": 2, "unwatched": unwatched }]);
    let all = instance("vera").await;
    assert_eq!((&all["discovery"], &all["watches"]), (&well, &json!(2)));
    assert_eq!(instance("willa").await.get("discovery"), None);

    house.deployer.break_down();
    house.discover().await;
    let fault = "workloads cannot be discovered: nobody answers";
    let discovery = &instance("vera").await["discovery"][0];
    assert_eq!(
        (&discovery["found"], &discovery["fault"]),
        (&json!(2), &json!(fault))
    );
    let ready = house.get("/readyz").await.body;
    assert_eq!(ready["errors"][0]["name"], "first_poll");
    house.deployer.recover();
    house.turn().await;
    house.deployer.break_down();
    house.discover().await;
    let ready = house.get("/readyz").await.body;
    assert_eq!(
        ready["degraded"],
        json!([{ "part": "deployer production", "watches": 0 }])
    );
}

#[tokio::test]
async fn a_watch_that_was_discovered_is_told_from_one_of_the_configuration() {
    let house = discovering().await;
    let discovered = async |name: &str| {
        let path = format!("/api/v1/watches/{name}");
        house.call_as("vera", Method::GET, &path).await.body["discovered"].clone()
    };
    assert_eq!(discovered("production.shop").await, true);
    assert_eq!(discovered("web").await, false);
}
