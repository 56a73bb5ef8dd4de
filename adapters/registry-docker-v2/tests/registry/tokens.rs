//! Bearer tokens: traps G.11 to G.14.

use futures::future::join_all;
use registrywatcher::ports::{Credential, RegistryError};
use serde_json::json;

use crate::double::{Auth, basic, challenge};
use crate::fixture::{Fixture, LIST, WEB, account, fixture};
use crate::server::{Reply, Request};

/// What was asked of the token server since the last call.
fn token_requests(fixture: &Fixture) -> Vec<Request> {
    let requests = fixture.double.server.take_requests();
    requests
        .into_iter()
        .filter(|request| request.path() == "/token")
        .collect()
}

async fn behind_tokens() -> Fixture {
    let fixture = fixture().await;
    fixture.double.require(Auth::Bearer);
    fixture
}

#[tokio::test]
async fn fifty_polls_at_once_ask_for_one_token_per_repository() {
    let fixture = behind_tokens().await;
    fixture.double.create("team/api");
    let polls = (0..50).map(|n| fixture.tags_of(if n % 2 == 0 { WEB } else { "team/api" }));
    for outcome in join_all(polls).await {
        outcome.unwrap();
    }
    let mut scopes: Vec<_> = token_requests(&fixture)
        .iter()
        .map(|request| request.parameter("scope").unwrap())
        .collect();
    scopes.sort();
    assert_eq!(
        scopes,
        ["repository:team/api:pull", "repository:team/web:pull"]
    );
}

#[tokio::test]
async fn a_failed_token_request_is_shared_by_all_who_wait_for_it() {
    let fixture = fixture().await;
    fixture.credentials.set(account("bot", "wrong"));
    fixture.double.require(Auth::BearerFor("bot:secret"));
    let outcomes = join_all((0..50).map(|_| fixture.tags())).await;
    assert!(
        outcomes
            .iter()
            .all(|outcome| matches!(outcome, Err(RegistryError::Unauthorized { .. })))
    );
    assert_eq!(
        token_requests(&fixture).len(),
        1,
        "more would lock the account"
    );
}

#[tokio::test]
async fn a_token_is_renewed_a_little_before_its_end_and_not_sooner() {
    let fixture = behind_tokens().await;
    fixture.tags().await.unwrap();
    assert_eq!(token_requests(&fixture).len(), 1);
    fixture.clock.advance(294);
    fixture.tags().await.unwrap();
    assert_eq!(fixture.asked(), [LIST]);
    fixture.clock.advance(2);
    fixture.tags().await.unwrap();
    assert_eq!(
        token_requests(&fixture).len(),
        1,
        "a token of 300 s is renewed after 295 s"
    );
}

#[tokio::test]
async fn only_pulling_is_asked_for_whatever_scope_the_challenge_names() {
    let fixture = behind_tokens().await;
    fixture.tags().await.unwrap();
    fixture.resolve("v1").await.unwrap();
    let asked = token_requests(&fixture);
    assert_eq!(asked.len(), 1, "listing and resolving share a token");
    assert_eq!(
        asked[0].parameter("scope").as_deref(),
        Some("repository:team/web:pull")
    );
    assert_eq!(asked[0].parameter("service").as_deref(), Some("double"));
}

/// Has the token server answer `body`, and takes what it holds for a token.
async fn answers(body: serde_json::Value) -> (Fixture, Result<(), RegistryError>) {
    let fixture = fixture().await;
    fixture
        .double
        .script(move |request, _| match request.path() {
            "/token" => Some(Reply::json(200, &body)),
            _ if request.header("authorization") == Some("Bearer good") => None,
            _ => Some(challenge(request)),
        });
    let outcome = fixture.tags().await.map(|_| ());
    (fixture, outcome)
}

#[tokio::test]
async fn a_token_may_be_called_token_or_access_token() {
    for body in [
        json!({"token": "good"}),
        json!({"access_token": "good"}),
        json!({"token": "", "access_token": "good"}),
        json!({"token": "good", "access_token": "good", "expires_in": 300, "scope": "x"}),
    ] {
        let (_fixture, outcome) = answers(body.clone()).await;
        outcome.unwrap_or_else(|error| panic!("{body}: {error}"));
    }
    let (_fixture, outcome) = answers(json!({"expires_in": 300})).await;
    let error = outcome.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("neither `token` nor `access_token`"),
        "{error}"
    );
}

#[tokio::test]
async fn a_token_that_does_not_say_how_long_lives_a_minute() {
    let (fixture, outcome) =
        answers(json!({"token": "good", "issued_at": "2040-01-01T00:00:00Z"})).await;
    outcome.unwrap();
    fixture.asked();
    fixture.clock.advance(54);
    fixture.tags().await.unwrap();
    assert_eq!(fixture.asked(), [LIST]);
    fixture.clock.advance(2);
    fixture.tags().await.unwrap();
    assert_eq!(token_requests(&fixture).len(), 1);
}

/// Has a token that the adapter keeps refused with `refusal`, and gives what is asked then.
async fn after_refusal(refusal: fn(&Request) -> Reply) -> Vec<String> {
    let fixture = behind_tokens().await;
    fixture.tags().await.unwrap();
    fixture.asked();
    fixture.double.script(move |request, _| {
        let is_old = request
            .header("authorization")
            .is_some_and(|value| value.contains("token-0-"));
        is_old.then(|| refusal(request))
    });
    fixture.tags().await.unwrap();
    fixture.asked()
}

#[tokio::test]
async fn a_token_that_died_early_is_renewed_once_however_the_registry_says_so() {
    let renewed = [
        LIST,
        "GET /token?service=double&scope=repository%3Ateam%2Fweb%3Apull&client_id=registrywatcher",
        LIST,
    ];
    assert_eq!(
        after_refusal(challenge).await,
        renewed,
        "as the specification wants"
    );
    assert_eq!(
        after_refusal(|_| Reply::new(401, "")).await,
        renewed,
        "without a challenge"
    );
    assert_eq!(
        after_refusal(|_| Reply::new(400, "expired")).await,
        renewed,
        "as a bad request"
    );
    let basic =
        |_: &Request| Reply::new(401, "").with("WWW-Authenticate", "Basic realm=\"harbor\"");
    assert_eq!(
        after_refusal(basic).await,
        renewed,
        "with another challenge, as Harbor does"
    );
}

#[tokio::test]
async fn a_token_that_is_refused_as_soon_as_it_is_issued_ends_the_attempt() {
    let fixture = fixture().await;
    fixture.double.script(|request, _| match request.path() {
        "/token" => Some(Reply::json(200, &json!({"token": "useless"}))),
        _ => Some(challenge(request)),
    });
    let error = fixture.tags().await.unwrap_err();
    assert!(matches!(error, RegistryError::NotFound { .. }), "{error}");
    assert_eq!(
        fixture.asked().len(),
        3,
        "a question, a token, and the question again"
    );
    fixture.tags().await.unwrap_err();
    assert_eq!(fixture.asked().len(), 2, "a token and the question");
}

#[tokio::test]
async fn what_somebody_unknown_may_not_see_is_not_found() {
    let fixture = fixture().await;
    fixture.double.require(Auth::BearerFor("bot:secret"));
    let error = fixture.tags().await.unwrap_err();
    assert!(matches!(error, RegistryError::NotFound { .. }), "{error}");
    fixture.credentials.set(account("bot", "secret"));
    fixture.tags().await.unwrap();
}

#[tokio::test]
async fn credentials_that_were_refused_are_not_tried_again_until_they_change() {
    let fixture = fixture().await;
    fixture.double.require(Auth::BearerFor("bot:secret"));
    fixture.credentials.set(account("bot", "wrong-password"));
    let error = fixture.tags().await.unwrap_err();
    assert!(
        matches!(error, RegistryError::Unauthorized { .. }),
        "{error}"
    );
    assert!(
        !error.is_transient() && !format!("{error:?}").contains("wrong-password"),
        "{error:?}"
    );
    fixture.asked();

    fixture.clock.advance(600);
    fixture.tags().await.unwrap_err();
    fixture.tags_of("team/api").await.unwrap_err();
    assert_eq!(fixture.asked(), [""; 0], "nobody is asked");

    fixture.credentials.set(account("bot", "secret"));
    fixture.tags().await.unwrap();
}

#[tokio::test]
async fn an_identity_token_is_exchanged_by_post_and_never_stands_in_an_address() {
    let fixture = fixture().await;
    fixture
        .credentials
        .set(Credential::IdentityToken("long-lived".into()));
    fixture.double.require(Auth::Bearer);
    fixture.tags().await.unwrap();
    let asked = token_requests(&fixture);
    assert_eq!(asked[0].method, "POST");
    let form = |name| asked[0].parameter(name);
    assert_eq!(form("grant_type").as_deref(), Some("refresh_token"));
    assert_eq!(form("refresh_token").as_deref(), Some("long-lived"));
    assert_eq!(form("scope").as_deref(), Some("repository:team/web:pull"));
    assert!(!asked[0].target.contains("long-lived"));
    assert_eq!(asked[0].header("authorization"), None, "it is no password");
}

#[tokio::test]
async fn a_token_server_that_takes_no_identity_tokens_is_told_of() {
    let fixture = fixture().await;
    fixture
        .credentials
        .set(Credential::IdentityToken("long-lived".into()));
    fixture.double.require(Auth::Bearer);
    fixture
        .double
        .script(|request, _| (request.method == "POST").then(|| Reply::new(404, "")));
    let error = fixture.tags().await.unwrap_err();
    assert!(
        error.to_string().contains("it takes no identity tokens"),
        "{error}"
    );
}

#[tokio::test]
async fn a_registry_token_is_presented_as_it_is() {
    let fixture = fixture().await;
    fixture
        .credentials
        .set(Credential::RegistryToken("ready".into()));
    fixture.double.script(|request, _| {
        let is_presented = request.header("authorization") == Some("Bearer ready");
        (!is_presented).then(|| challenge(request))
    });
    fixture.tags().await.unwrap();
    assert_eq!(fixture.asked(), [LIST]);
}

#[tokio::test]
async fn a_password_is_only_shown_to_the_token_server() {
    let fixture = fixture().await;
    fixture.credentials.set(account("bot", "sec:ret"));
    fixture.double.require(Auth::BearerFor("bot:sec:ret"));
    fixture.tags().await.unwrap();
    fixture.resolve("v1").await.unwrap();
    let requests = fixture.double.server.take_requests();
    let shown: Vec<_> = requests
        .iter()
        .filter(|request| request.header("authorization") == Some(&basic("bot:sec:ret")))
        .map(Request::path)
        .collect();
    assert_eq!(shown, ["/token"]);
    assert!(
        requests
            .iter()
            .all(|request| !request.target.contains("ret")),
        "{requests:?}"
    );
}

#[tokio::test]
async fn tokens_of_two_credentials_are_kept_apart() {
    let fixture = behind_tokens().await;
    fixture.tags().await.unwrap();
    fixture.credentials.set(account("bot", "secret"));
    fixture.tags().await.unwrap();
    assert_eq!(token_requests(&fixture).len(), 2);
}
