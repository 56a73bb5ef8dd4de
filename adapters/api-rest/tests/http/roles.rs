//! Who may do what.

use std::time::Duration;

use poem::http::Method;
use registrywatcher::intent::Author;
use registrywatcher::ports::Clock;
use registrywatcher::token::{Reach, Role, Token, TokenHash};
use registrywatcher_api_rest::openapi;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::call::Answer;
use super::house::{Differences, House};

/// What takes an admin.
const OF_ADMINS: [(Method, &str); 3] = [
    (Method::PUT, "/api/v1/freeze"),
    (Method::DELETE, "/api/v1/freeze"),
    (Method::POST, "/api/v1/dead-letters/chat/1/replay"),
];

/// What needs no token.
const OPEN: [&str; 3] = ["/ping", "/healthz", "/readyz"];

/// The bearers, and what they may do.
const BEARERS: [(&str, Role); 3] = [
    ("vera", Role::Viewer),
    ("dora", Role::Deployer),
    ("ada", Role::Admin),
];

pub(crate) fn token(name: &str, role: Role) -> Token {
    Token {
        name: Author::new(name),
        role,
        reach: Reach::Everything,
        expires_at: None,
        hash: TokenHash::new(Sha256::digest(format!("secret of {name}")).into()),
    }
}

pub(crate) fn with_tokens() -> Differences {
    Differences {
        tokens: BEARERS.map(|(name, role)| token(name, role)).to_vec(),
        ..Differences::default()
    }
}

impl House {
    pub(crate) async fn call_as(&self, name: &str, method: Method, path: &str) -> Answer {
        let call = self.call(method.clone(), path);
        let call = if name.is_empty() {
            call
        } else {
            call.header("authorization", &format!("Bearer secret of {name}"))
        };
        let call = if method == Method::GET {
            call
        } else {
            call.json(&json!({}))
        };
        call.send().await
    }
}

/// Every operation of the document, with something in the place of its parameters.
pub(crate) fn operations() -> Vec<(Method, String)> {
    let document = openapi();
    let paths = document["paths"].as_object().unwrap();
    let mut found = Vec::new();
    for (template, operations) in paths {
        let path = template
            .replace("{watch}", "web")
            .replace("{repo}", "web")
            .replace("{sink}", "chat")
            .replace("{event}", "1")
            .replace("{deployment}", "00000000-0000-0000-0000-000000000000");
        assert!(
            !path.contains('{'),
            "{path} has a parameter that this test does not know"
        );
        let methods = operations.as_object().unwrap().keys();
        found.extend(methods.map(|name| (name.to_uppercase().parse().unwrap(), path.clone())));
    }
    found
}

#[tokio::test]
async fn every_operation_but_the_probes_asks_for_a_token_that_is_known_and_has_not_expired() {
    let house = House::with(with_tokens()).await;
    let expired = Token {
        expires_at: Some(house.clock.now()),
        ..token("eve", Role::Admin)
    };
    house.access.update(vec![expired]);
    for (method, path) in operations() {
        for stranger in ["", "nobody", "eve"] {
            // So many failed logins belong to different minutes.
            house.clock.advance(Duration::from_mins(1));
            let answer = house.call_as(stranger, method.clone(), &path).await;
            let refused = answer.status == 401;
            assert_eq!(
                refused,
                !OPEN.contains(&path.as_str()),
                "{stranger} {method} {path}: {answer:?}"
            );
            let challenge = r#"Bearer realm="registrywatcher""#;
            assert_eq!(
                answer.header("www-authenticate") == challenge,
                refused,
                "{path}"
            );
        }
    }
    assert_eq!(house.get("/openapi.json").await.status, 200);
}

#[tokio::test]
async fn a_viewer_reads_a_deployer_changes_and_an_admin_does_everything() {
    let house = House::with(with_tokens()).await;
    house.turn().await;
    for (method, path) in operations() {
        let takes = match &method {
            &Method::GET => Role::Viewer,
            _ if OF_ADMINS.contains(&(method.clone(), path.as_str())) => Role::Admin,
            _ => Role::Deployer,
        };
        for (name, role) in BEARERS {
            let answer = house.call_as(name, method.clone(), &path).await;
            let refused = answer.status == 403;
            assert_eq!(refused, role < takes, "{name} {method} {path}");
            assert_ne!(answer.status, 401, "{name} {method} {path}");
        }
    }
}

#[tokio::test]
async fn a_refusal_is_told_in_the_words_of_the_path() {
    let house = House::with(with_tokens()).await;
    let problem = house.call_as("", Method::GET, "/api/v1/watches").await;
    assert_eq!(problem.problem(), "unauthenticated");
    let message = house.call_as("", Method::GET, "/repos").await;
    assert!(message.message().contains("bearer token"), "{message:?}");
    let forbidden = house.call_as("vera", Method::POST, "/tags/web/reset").await;
    assert_eq!(
        forbidden.message(),
        "`vera` is a viewer, and this takes a deployer"
    );
}

#[tokio::test]
async fn a_freeze_is_overridden_by_an_admin_alone() {
    let house = House::with(with_tokens()).await;
    house.turn().await;
    for path in ["deployments", "rollback"] {
        let path = format!("/api/v1/watches/web/{path}");
        let call_as = async |name: &str| {
            let call = house
                .call(Method::POST, &path)
                .header("authorization", &format!("Bearer secret of {name}"));
            call.json(&json!({ "override": true })).send().await
        };
        let refused = call_as("dora").await;
        assert_eq!((refused.status, refused.problem()), (403, "forbidden"));
        assert_eq!(
            refused.body["detail"],
            "`dora` is a deployer, and this takes an admin"
        );
        assert_ne!(call_as("ada").await.status, 403);
    }
}

#[tokio::test]
async fn only_a_bearer_token_counts() {
    let house = House::with(with_tokens()).await;
    for authorization in [
        "Basic secret of vera",
        "secret of vera",
        "Bearer",
        "Bearer secret of vera x",
    ] {
        let call = house
            .call(Method::GET, "/repos")
            .header("authorization", authorization);
        assert_eq!(call.send().await.status, 401, "{authorization}");
    }
    let call = house
        .call(Method::GET, "/repos")
        .header("authorization", "bearer secret of vera");
    assert_eq!(call.send().await.status, 200);
}

#[tokio::test]
async fn the_name_of_the_token_is_the_author() {
    let house = House::with(with_tokens()).await;
    house.turn().await;
    house.call_as("dora", Method::POST, "/tags/web/reset").await;
    let events = house
        .call_as("vera", Method::GET, "/api/v1/events?limit=200")
        .await;
    let by: Vec<&Value> = events.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|event| event.get("by"))
        .collect();
    assert_eq!(by, ["dora", "dora"]);
}
