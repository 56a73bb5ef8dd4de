//! What holds for every request.

use std::sync::Arc;

use poem::http::Method;
use registrywatcher_api_rest::ServerInfo;
use registrywatcher_conformance::samples;
use registrywatcher_memory::{MemoryRegistry, MemoryStore};
use serde_json::json;
use tokio::sync::Semaphore;

use super::house::{Differences, House, LIMITS, repository};
use super::mishaps::{Mishap, PanickingRegistry, SlowRegistry, UnluckyStore};
use super::roles;

const INTENT: &str = "/api/v1/watches/web/intent";

#[tokio::test]
async fn without_tokens_only_a_loopback_host_is_answered() {
    let house = House::new().await;
    let loopback = [
        "localhost",
        "LOCALHOST:1",
        "127.0.0.1:8080",
        "127.1.2.3",
        "[::1]:8080",
    ];
    for host in loopback {
        let answer = house
            .call(Method::GET, "/api/v1/watches")
            .header("host", host)
            .send()
            .await;
        assert_eq!(answer.status, 200, "{host}");
    }
    let foreign = [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "10.0.0.1",
        "",
    ];
    for host in foreign {
        let call = house
            .call(Method::GET, "/api/v1/watches")
            .header("host", host);
        let answer = call.send().await;
        assert_eq!(
            (answer.status, answer.problem()),
            (421, "foreign-host"),
            "{host}"
        );
    }
}

#[tokio::test]
async fn a_host_in_the_place_of_the_header_counts_too() {
    let house = House::new().await;
    let call = house
        .call(Method::GET, "http://localhost:8080/ping")
        .header("host", "");
    assert_eq!(call.send().await.status, 200);
    let call = house
        .call(Method::GET, "http://evil.example/ping")
        .header("host", "");
    assert_eq!(call.send().await.status, 421);
}

#[tokio::test]
async fn with_tokens_any_host_is_answered() {
    let house = House::with(roles::with_tokens()).await;
    let call = house
        .call(Method::GET, "/ping")
        .header("host", "watcher.example");
    assert_eq!(call.send().await.status, 200);
}

#[tokio::test]
async fn a_page_of_another_site_changes_nothing() {
    let house = House::new().await;
    let foreign = [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", "http://localhost:9999"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ];
    for (name, value) in foreign {
        let call = house
            .call(Method::POST, "/tags/web/reset")
            .header(name, value);
        let answer = call.send().await;
        assert_eq!(answer.status, 403, "{name}: {value}");
        assert!(answer.message().contains("another site"), "{answer:?}");
    }
    let ours = [
        ("origin", "http://localhost:8080"),
        ("sec-fetch-site", "same-origin"),
    ];
    for (name, value) in ours {
        let call = house
            .call(Method::POST, "/tags/web/reset")
            .header(name, value);
        assert_eq!(call.send().await.status, 200, "{name}: {value}");
    }
}

#[tokio::test]
async fn no_answer_invites_other_origins() {
    let house = House::new().await;
    let call = house
        .call(Method::GET, "/repos")
        .header("origin", "https://evil.example");
    let answer = call.send().await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), "");
    assert_eq!(answer.header("vary"), "");
}

const DASHBOARD: &str = "https://dashboard.example";

async fn inviting() -> House {
    let limits = ServerInfo {
        cors_origins: vec![DASHBOARD.parse().unwrap()],
        ..LIMITS
    };
    let house = House::with(Differences {
        limits: Some(limits),
        ..roles::with_tokens()
    });
    let house = house.await;
    house.turn().await;
    house
}

#[tokio::test]
async fn a_page_that_is_invited_may_ask_change_and_read() {
    let house = inviting().await;
    let preflight = house
        .call(Method::OPTIONS, INTENT)
        .header("origin", DASHBOARD)
        .header("access-control-request-method", "PATCH")
        .header("access-control-request-headers", "authorization,if-match");
    let preflight = preflight.respond().await;
    assert_eq!(preflight.status(), 204);
    let header = |name: &str| preflight.headers()[name].to_str().unwrap();
    assert_eq!(header("access-control-allow-origin"), DASHBOARD);
    assert_eq!(header("access-control-allow-methods"), "GET, PATCH");
    assert!(header("access-control-allow-headers").contains("authorization"));
    assert!(header("access-control-allow-headers").contains("if-match"));
    assert_eq!(header("access-control-max-age"), "600");
    assert_eq!(header("vary"), "Origin");
    let change = house
        .call(Method::PATCH, INTENT)
        .header("origin", DASHBOARD)
        .header("sec-fetch-site", "cross-site")
        .header("authorization", "Bearer secret of dora")
        .json(&json!({ "auto_deploy": false }));
    let answer = change.send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("access-control-allow-origin"), DASHBOARD);
    let exposed = answer.header("access-control-expose-headers");
    assert!(exposed.contains("etag") && exposed.contains("retry-after"));
    assert_eq!(answer.header("access-control-allow-credentials"), "");
}

#[tokio::test]
async fn an_invited_page_needs_a_token_like_everybody_and_can_read_why() {
    let house = inviting().await;
    let call = house
        .call(Method::GET, "/api/v1/watches")
        .header("origin", DASHBOARD);
    let answer = call.send().await;
    assert_eq!(answer.problem(), "unauthenticated");
    assert_eq!(answer.header("access-control-allow-origin"), DASHBOARD);
}

#[tokio::test]
async fn others_are_not_invited_along() {
    let house = inviting().await;
    for origin in [
        "https://evil.example",
        "http://dashboard.example",
        "https://dashboard.example:8443",
        "https://dashboard.example.evil.example",
        "null",
        "*",
    ] {
        let read = house.call(Method::GET, "/ping").header("origin", origin);
        let read = read.send().await;
        assert_eq!(read.status, 200);
        assert_eq!(read.header("access-control-allow-origin"), "", "{origin}");
        assert_eq!(read.header("vary"), "Origin");
        let preflight = house
            .call(Method::OPTIONS, INTENT)
            .header("origin", origin)
            .header("access-control-request-method", "PATCH");
        let preflight = preflight.send().await;
        assert_eq!(preflight.problem(), "method-not-allowed", "{origin}");
        assert_eq!(preflight.header("access-control-allow-methods"), "");
        let change = house
            .call(Method::PATCH, INTENT)
            .header("origin", origin)
            .header("authorization", "Bearer secret of dora");
        let change = change.json(&json!({ "auto_deploy": false })).send().await;
        assert_eq!(change.problem(), "cross-site", "{origin}");
    }
}

#[tokio::test]
async fn a_body_must_be_called_json() {
    let house = House::new().await;
    let body = json!({ "auto_deploy": false }).to_string();
    for media_type in [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    ] {
        let call = house
            .call(Method::PATCH, INTENT)
            .header("content-type", media_type);
        let answer = call.body(body.clone()).send().await;
        assert_eq!(answer.status, 415, "{media_type}");
        assert_eq!(answer.problem(), "unsupported-media-type");
    }
    let call = house
        .call(Method::POST, "/tags/web")
        .header("content-type", "text/plain");
    let answer = call.body(body.clone()).send().await;
    assert_eq!(answer.status, 415);
    assert!(answer.message().contains("application/json"), "{answer:?}");
    let call = house
        .call(Method::PATCH, INTENT)
        .header("content-type", "Application/JSON; charset=utf-8");
    assert_eq!(call.body(body).send().await.status, 200);
}

#[tokio::test]
async fn a_missing_body_is_no_empty_change() {
    let house = House::new().await;
    let call = house
        .call(Method::PATCH, INTENT)
        .header("content-type", "application/json");
    let answer = call.send().await;
    assert_eq!((answer.status, answer.problem()), (400, "invalid"));
    let answer = house.call(Method::PATCH, INTENT).send().await;
    assert_eq!(
        (answer.status, answer.problem()),
        (415, "unsupported-media-type")
    );
}

#[tokio::test]
async fn an_oversized_body_is_413() {
    let house = House::new().await;
    let large = json!({ "target": "pin", "tag": "x".repeat(2000) }).to_string();
    let call = house
        .call(Method::PATCH, INTENT)
        .header("content-type", "application/json");
    let answer = call.body(large).send().await;
    assert_eq!((answer.status, answer.problem()), (413, "body-too-large"));
    let announced = house
        .call(Method::PATCH, INTENT)
        .header("content-length", "5000");
    assert_eq!(announced.send().await.status, 413);
}

#[tokio::test]
async fn every_field_that_is_wrong_is_named() {
    let house = House::new().await;
    let answer = house
        .put("/api/v1/freeze", json!({ "until": "soon", "why": "x" }))
        .await;
    assert_eq!((answer.status, answer.problem()), (400, "invalid"));
    let errors = answer.body["errors"].as_array().unwrap();
    let named: Vec<_> = errors.iter().map(|error| &error["name"]).collect();
    assert_eq!(named, ["reason", "until", "why"]);
    let detail = answer.body["detail"].as_str().unwrap();
    assert!(
        detail.starts_with("`reason`: it is missing; `until`: "),
        "{detail}"
    );
}

#[tokio::test]
async fn malformed_json_is_400() {
    let house = House::new().await;
    let call = house
        .call(Method::PATCH, INTENT)
        .header("content-type", "application/json");
    let answer = call.body(r#"{"auto_deploy": tru"#).send().await;
    assert_eq!((answer.status, answer.problem()), (400, "invalid"));
}

#[tokio::test]
async fn an_unknown_path_is_404_and_an_unknown_method_405() {
    let house = House::new().await;
    for path in ["/", "/api/v1", "/api/v1/nothing", "/api/v2/watches"] {
        let answer = house.get(path).await;
        assert_eq!(
            (answer.status, answer.problem()),
            (404, "no-such-path"),
            "{path}"
        );
    }
    for (path, methods) in [
        (INTENT, "GET, PATCH"),
        ("/api/v1/watches", "GET"),
        ("/openapi.json", "GET"),
    ] {
        let answer = house.call(Method::DELETE, path).send().await;
        assert_eq!(
            (answer.status, answer.problem()),
            (405, "method-not-allowed"),
            "{path}"
        );
        assert_eq!(answer.header("allow"), methods, "{path}");
    }
}

#[tokio::test]
async fn a_path_of_broken_text_is_an_error_like_any_other() {
    let house = House::new().await;
    assert_eq!(house.get("/api/v1/watches/%FF").await.problem(), "invalid");
    assert_eq!(
        house.get("/api/v1/events?watch=%FF").await.problem(),
        "invalid"
    );
    assert!(!house.get("/tags/%FF").await.message().is_empty());
    for path in ["/api/v1/watches/%00", "/api/v1/watches/..%2Fweb"] {
        assert_eq!(house.get(path).await.problem(), "unknown-watch", "{path}");
    }
}

#[tokio::test]
async fn the_request_id_of_the_client_is_kept_if_it_can_be_logged() {
    let house = House::new().await;
    let call = house
        .call(Method::GET, "/api/v1/nothing")
        .header("x-request-id", "trace-7.a");
    let answer = call.send().await;
    assert_eq!(answer.problem(), "no-such-path");
    assert_eq!(answer.header("x-request-id"), "trace-7.a");
    for unsafe_id in ["a b", "a\tb", &"x".repeat(200)] {
        let call = house
            .call(Method::GET, "/ping")
            .header("x-request-id", unsafe_id);
        assert_eq!(call.send().await.header("x-request-id").len(), 36);
    }
    let (one, two) = (house.get("/ping").await, house.get("/ping").await);
    assert_ne!(one.header("x-request-id"), two.header("x-request-id"));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_takes_too_long_is_503() {
    let store = UnluckyStore(MemoryStore::new(), Mishap::Hangs);
    let differences = Differences {
        store: Some(Arc::new(store)),
        ..Differences::default()
    };
    let house = House::with(differences).await;
    let answer = house.get("/api/v1/events").await;
    assert_eq!((answer.status, answer.problem()), (503, "timed-out"));
    assert_eq!(answer.body["detail"], "it took longer than 30 s");
}

#[tokio::test(start_paused = true)]
async fn a_command_is_carried_out_even_if_nobody_waits_for_it_any_more() {
    let gate = Arc::new(Semaphore::new(0));
    let registry = MemoryRegistry::default();
    registry.publish(&repository(), &samples::tag("v1.0.0"), samples::image(1));
    let differences = Differences {
        registry: Some(Arc::new(SlowRegistry(registry, Arc::clone(&gate)))),
        ..Differences::default()
    };
    let house = House::with(differences).await;
    let answer = house
        .patch(INTENT, json!({ "target": "pin", "tag": "v1.0.0" }))
        .await;
    assert_eq!((answer.status, answer.problem()), (503, "timed-out"));
    gate.add_permits(1);
    let name = "web".parse().unwrap();
    let is_pinned = || {
        house
            .app
            .watch(&name)
            .unwrap()
            .intent
            .target
            .pinned()
            .is_some()
    };
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(is_pinned());
}

#[tokio::test]
async fn a_panic_is_a_problem_like_any_other() {
    let store = UnluckyStore(MemoryStore::new(), Mishap::Panics);
    let differences = Differences {
        store: Some(Arc::new(store)),
        registry: Some(Arc::new(PanickingRegistry)),
        ..Differences::default()
    };
    let house = House::with(differences).await;
    let read = house.get("/api/v1/events").await;
    assert_eq!((read.status, read.problem()), (500, "internal"));
    let changed = house
        .patch(INTENT, json!({ "target": "pin", "tag": "v1.0.0" }))
        .await;
    assert_eq!((changed.status, changed.problem()), (500, "internal"));
    assert_eq!(house.get("/healthz").await.status, 200);
}
