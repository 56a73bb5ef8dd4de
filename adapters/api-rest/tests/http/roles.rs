//! Who may do what.

use std::collections::BTreeSet;
use std::time::Duration;

use poem::http::Method;
use registrywatcher::intent::Author;
use registrywatcher::ports::Clock;
use registrywatcher::token::{Reach, Role, Token, TokenHash};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::call::Answer;
use super::examples::{DOCUMENT, Example, LivedIn};
use super::house::{Differences, House};
use super::tokens::limited;

/// What an operation takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Takes {
    /// No token at all.
    Nothing,
    /// A token of this role, or of one that may do more.
    A(Role),
}

/// What a token that is for other watches gets to see; one that is for this watch and others is refused the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Elsewhere {
    /// That there is no such watch or deployment.
    Hidden,
    /// An answer without what is of watches that it is not for.
    Filtered,
    /// That it is for some watches only.
    Refused,
}

use Elsewhere::{Filtered, Hidden, Refused};
use Takes::{A, Nothing};

/// Every operation, with what it takes and what a token for other watches gets to see of it.
const OPERATIONS: [(&str, Takes, Elsewhere); 37] = [
    ("abandonDeployment", A(Role::Deployer), Hidden),
    ("promoteDeployment", A(Role::Deployer), Hidden),
    ("changeIntent", A(Role::Deployer), Hidden),
    ("changeTag", A(Role::Deployer), Hidden),
    ("checkWatch", A(Role::Deployer), Hidden),
    ("createDeployment", A(Role::Deployer), Hidden),
    ("endFreeze", A(Role::Admin), Refused),
    ("endFreezeOfWatch", A(Role::Deployer), Hidden),
    ("getCaches", A(Role::Viewer), Filtered),
    ("getDecision", A(Role::Viewer), Hidden),
    ("getDeployment", A(Role::Viewer), Hidden),
    ("getFreeze", A(Role::Viewer), Filtered),
    ("getHealth", Nothing, Filtered),
    ("getInstance", A(Role::Viewer), Filtered),
    ("getIntent", A(Role::Viewer), Hidden),
    ("getMetrics", A(Role::Viewer), Refused),
    ("getReadiness", Nothing, Filtered),
    ("getTag", A(Role::Viewer), Hidden),
    ("getWatch", A(Role::Viewer), Hidden),
    ("listDeadLetters", A(Role::Viewer), Refused),
    ("listDeployments", A(Role::Viewer), Filtered),
    ("listDeploymentsOfWatch", A(Role::Viewer), Hidden),
    ("listEvents", A(Role::Viewer), Filtered),
    ("listQuarantine", A(Role::Viewer), Hidden),
    ("listRegistries", A(Role::Viewer), Filtered),
    ("listRepos", A(Role::Viewer), Filtered),
    ("listTags", A(Role::Viewer), Hidden),
    ("listWatches", A(Role::Viewer), Filtered),
    ("ping", Nothing, Filtered),
    ("releaseFromQuarantine", A(Role::Deployer), Hidden),
    ("replayDeadLetter", A(Role::Admin), Refused),
    ("resetTag", A(Role::Deployer), Hidden),
    ("rollBack", A(Role::Deployer), Hidden),
    ("setFreeze", A(Role::Admin), Refused),
    ("setFreezeOfWatch", A(Role::Deployer), Hidden),
    ("streamEvents", A(Role::Viewer), Filtered),
    ("whoAmI", A(Role::Viewer), Filtered),
];

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

/// Who calls.
#[derive(Debug, Clone, Copy)]
enum Bearer {
    /// Nobody that is let in: without a token, with a wrong one, one that has expired, one that was revoked.
    Stranger,
    /// The bearer of a token of this role for all watches.
    Of(Role),
    /// The bearer of a token of this role for this watch and others.
    Within(Role),
    /// The bearer of a token of this role for other watches.
    Beside(Role),
}

/// Everybody who calls, by the name of the token; `reva` had one that was revoked, and that of `eve` has expired.
const CALLERS: [(&str, Bearer); 12] = [
    ("", Bearer::Stranger),
    ("nobody", Bearer::Stranger),
    ("eve", Bearer::Stranger),
    ("reva", Bearer::Stranger),
    ("vera", Bearer::Of(Role::Viewer)),
    ("dora", Bearer::Of(Role::Deployer)),
    ("ada", Bearer::Of(Role::Admin)),
    ("wilma", Bearer::Within(Role::Deployer)),
    ("willa", Bearer::Within(Role::Admin)),
    ("otto", Bearer::Beside(Role::Viewer)),
    ("oda", Bearer::Beside(Role::Deployer)),
    ("otis", Bearer::Beside(Role::Admin)),
];

/// What a caller gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gets {
    /// What they ask for.
    Success,
    /// A demand for a token.
    Unauthenticated,
    /// That their token does not allow it.
    Forbidden,
    /// That there is no such thing.
    NotFound,
}

impl Gets {
    fn of(takes: Takes, elsewhere: Elsewhere, bearer: Bearer) -> Self {
        let A(least) = takes else {
            return Self::Success;
        };
        match (bearer, elsewhere) {
            (Bearer::Stranger, _) => Self::Unauthenticated,
            (Bearer::Of(role) | Bearer::Within(role) | Bearer::Beside(role), _) if role < least => {
                Self::Forbidden
            }
            (Bearer::Within(_) | Bearer::Beside(_), Refused) => Self::Forbidden,
            (Bearer::Beside(_), Hidden) => Self::NotFound,
            _ => Self::Success,
        }
    }

    #[track_caller]
    fn by(example: &Example, answer: &Answer) -> Self {
        match answer.status {
            200..300 => Self::Success,
            401 => Self::Unauthenticated,
            403 => Self::Forbidden,
            404 => {
                let problem = answer.problem();
                assert!(["unknown-watch", "unknown-deployment"].contains(&problem));
                Self::NotFound
            }
            // The Go service's clients know no other status for it.
            400 if example.is_of_go_service() => {
                assert_eq!(answer.message(), "there is no watch `web`");
                Self::NotFound
            }
            _ => panic!("{}: {answer:?}", example.id),
        }
    }
}

/// The house, with somebody whose token has expired and somebody whose token was revoked.
async fn with_callers() -> LivedIn {
    let mut tokens = BEARERS.map(|(name, role)| token(name, role)).to_vec();
    for (name, bearer) in CALLERS {
        let (role, watches) = match bearer {
            Bearer::Within(role) => (role, ["other", "w*"]),
            Bearer::Beside(role) => (role, ["other", "website"]),
            Bearer::Of(_) | Bearer::Stranger => continue,
        };
        tokens.push(Token {
            role,
            ..limited(name, &watches)
        });
    }
    let lived_in = LivedIn::with(tokens).await;
    let house = &lived_in.house;
    let expired = Token {
        expires_at: Some(house.clock.now()),
        ..token("eve", Role::Admin)
    };
    house
        .access
        .update(vec![expired.clone(), token("reva", Role::Admin)]);
    let known = house.call_as("reva", Method::GET, "/api/v1/whoami").await;
    assert_eq!(known.status, 200);
    house.access.update(vec![expired]);
    lived_in
}

#[test]
fn every_operation_stands_in_the_table_once() {
    let listed: BTreeSet<&str> = OPERATIONS.iter().map(|(id, ..)| *id).collect();
    assert_eq!(listed.len(), OPERATIONS.len());
    let paths = DOCUMENT["paths"].as_object().unwrap().values();
    let operations = paths.flat_map(|path| path.as_object().unwrap().values());
    let documented = operations.map(|operation| operation["operationId"].as_str().unwrap());
    assert_eq!(listed, documented.collect());
}

#[tokio::test]
async fn everybody_gets_what_their_token_allows_and_nothing_else() {
    let mut lived_in = with_callers().await;
    for index in 0..OPERATIONS.len() {
        for (name, bearer) in CALLERS {
            // So many failed logins belong to different minutes.
            lived_in.house.clock.advance(Duration::from_mins(1));
            let example = &lived_in.examples()[index];
            let row = OPERATIONS.iter().find(|(id, ..)| *id == example.id);
            let (_, takes, elsewhere) = *row.unwrap();
            let answer = lived_in.call(example, name).send().await;
            // A stream of events gives its place back.
            tokio::task::yield_now().await;
            let gets = Gets::by(example, &answer);
            let what = format!("{} as `{name}`: {answer:?}", example.id);
            assert_eq!(gets, Gets::of(takes, elsewhere, bearer), "{what}");
            let challenge = r#"Bearer realm="registrywatcher""#;
            let is_challenged = answer.header("www-authenticate") == challenge;
            assert_eq!(is_challenged, gets == Gets::Unauthenticated, "{what}");
            if gets == Gets::Success && !example.is_safe() {
                // What was changed may get in the way of what is changed next.
                lived_in = with_callers().await;
            }
        }
    }
    assert_eq!(lived_in.house.get("/openapi.json").await.status, 200);
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
