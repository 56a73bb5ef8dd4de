//! What a registry asks to be presented with: protocol sections A.2 and A.3, trap G.13.

use registrywatcher::ports::RegistryError;
use serde_json::json;

use crate::double::{Auth, challenge};
use crate::fixture::{Fixture, LIST, account, fixture};
use crate::server::{Reply, Request, Server};

#[tokio::test]
async fn a_password_may_hold_colons() {
    let fixture = fixture().await;
    fixture.credentials.set(account("bot", "se:cr:et"));
    fixture.double.require(Auth::Basic("bot:se:cr:et"));
    fixture.tags().await.unwrap();
    assert_eq!(
        fixture.asked(),
        [LIST, LIST],
        "the first time a registry says what it wants"
    );
    fixture.tags().await.unwrap();
    assert_eq!(fixture.asked(), [LIST]);
}

#[tokio::test]
async fn a_refused_password_is_not_tried_again_until_it_changes() {
    let fixture = fixture().await;
    fixture.credentials.set(account("bot", "wrong"));
    fixture.double.require(Auth::Basic("bot:secret"));
    let error = fixture.tags().await.unwrap_err();
    assert!(
        error.to_string().contains("correct the credentials"),
        "{error}"
    );
    fixture.asked();
    fixture.tags().await.unwrap_err();
    assert_eq!(fixture.asked(), [""; 0]);
    fixture.credentials.set(account("bot", "secret"));
    fixture.tags().await.unwrap();
}

#[tokio::test]
async fn a_password_that_was_good_for_others_is_not_given_up_for_one_repository() {
    let fixture = fixture().await;
    fixture.credentials.set(account("bot", "secret"));
    fixture.double.require(Auth::Basic("bot:secret"));
    fixture.double.script(|request, _| {
        request
            .target
            .contains("team/private")
            .then(|| Reply::new(401, "").with("WWW-Authenticate", "Basic realm=\"x\""))
    });
    for _ in 0..3 {
        fixture.tags().await.unwrap();
        fixture.tags_of("team/private").await.unwrap_err();
    }
    fixture.tags().await.unwrap();
}

#[tokio::test]
async fn a_registry_that_wants_a_password_says_that_none_is_configured() {
    let fixture = fixture().await;
    fixture.double.require(Auth::Basic("bot:secret"));
    let error = fixture.tags().await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("configure credentials for this registry"),
        "{error}"
    );
}

/// Has the registry answer `challenge`, with `{realm}` for a token server's address, until a token is presented.
async fn challenged_with(challenge: &'static str) -> (Fixture, Result<(), RegistryError>) {
    let fixture = fixture().await;
    fixture.credentials.set(account("bot", "secret"));
    fixture.double.script(move |request, _| {
        if request.path() == "/token" {
            return Some(Reply::json(200, &json!({"token": "good"})));
        }
        let realm = format!("http://{}/token", request.header("host").unwrap());
        let challenge = challenge.replace("{realm}", &realm);
        let is_presented = request.header("authorization") == Some("Bearer good");
        (!is_presented).then(|| Reply::new(401, "").with("WWW-Authenticate", challenge))
    });
    let outcome = fixture.tags().await.map(|_| ());
    (fixture, outcome)
}

#[tokio::test]
async fn a_token_is_found_by_each_legal_challenge() {
    for challenge in [
        r#"Bearer realm="{realm}",service="double",scope="repository:a/b:pull,push""#,
        r#"Bearer scope="repository:a/b:pull,push repository:c:pull", realm="{realm}""#,
        r#"Negotiate, Basic realm="x", Bearer realm="{realm}""#,
        r#"Bearer realm="/token""#,
        r#"Bearer realm="../../../token",scope="""#,
        r#"bearer REALM="{realm}""#,
    ] {
        let (fixture, outcome) = challenged_with(challenge).await;
        outcome.unwrap_or_else(|error| panic!("{challenge}: {error}"));
        fixture.asked();
        fixture.tags().await.unwrap();
        assert_eq!(fixture.asked(), [LIST], "{challenge}");
    }
}

#[tokio::test]
async fn a_missing_service_is_not_invented_and_the_query_of_the_realm_is_kept() {
    let (fixture, outcome) = challenged_with(r#"Bearer realm="{realm}?tenant=a%20b""#).await;
    outcome.unwrap();
    let requests = fixture.double.server.take_requests();
    let token = requests
        .iter()
        .find(|request| request.path() == "/token")
        .unwrap();
    assert_eq!(token.parameter("tenant").as_deref(), Some("a b"));
    assert_eq!(token.parameter("service"), None);
    assert_eq!(token.parameter("account").as_deref(), Some("bot"));
}

#[tokio::test]
async fn a_scheme_that_is_not_known_is_named() {
    let (_fixture, outcome) = challenged_with("Negotiate").await;
    let error = outcome.unwrap_err();
    assert!(
        matches!(error, RegistryError::Unauthorized { .. }),
        "{error}"
    );
    assert!(error.to_string().contains("Negotiate"), "{error}");
}

#[tokio::test]
async fn a_token_server_at_an_internal_address_of_another_host_is_told_nothing() {
    for realm in [
        r#"Bearer realm="http://10.1.2.3/token""#,
        r#"Bearer realm="http://169.254.169.254/latest/meta-data""#,
        r#"Bearer realm="http://localhost:1/token""#,
        r#"Bearer realm="ftp://auth.example/token""#,
    ] {
        let (fixture, outcome) = challenged_with(realm).await;
        let error = outcome.unwrap_err();
        assert!(
            matches!(error, RegistryError::Invalid { .. }),
            "{realm}: {error}"
        );
        assert_eq!(fixture.asked(), [LIST], "{realm}");
    }
}

#[tokio::test]
async fn a_401_without_a_challenge_sends_to_the_root_of_the_api() {
    let fixture = fixture().await;
    fixture.double.require(Auth::Bearer);
    fixture.double.script(|request, _| {
        let is_bare = request.path() != "/v2/" && request.header("authorization").is_none();
        (is_bare && request.path() != "/token").then(|| Reply::new(401, ""))
    });
    fixture.tags().await.unwrap();
    let asked = fixture.asked();
    assert_eq!(
        asked[..2],
        [LIST.to_owned(), "GET /v2/".to_owned()],
        "{asked:?}"
    );
}

/// A server that keeps what is sent to it, and a registry that redirects blobs and pages there.
async fn elsewhere(reply: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Server {
    Server::start(reply).await
}

#[tokio::test]
async fn credentials_do_not_follow_a_redirect_to_another_host() {
    let storage = elsewhere(|_| Reply::json(200, &json!({"tags": ["from-storage"]}))).await;
    for auth in [Auth::Basic("bot:secret"), Auth::BearerFor("bot:secret")] {
        let fixture = fixture().await;
        fixture.credentials.set(account("bot", "secret"));
        fixture.double.require(auth);
        let target = format!("http://{}/signed?x=1", storage.host());
        fixture.double.script(move |request, _| {
            let is_authorized = request.header("authorization").is_some();
            (is_authorized && request.path().ends_with("/tags/list"))
                .then(|| Reply::new(307, "").with("Location", target.clone()))
        });
        assert_eq!(fixture.listed().await, ["from-storage"]);
        let received = storage.take_requests();
        assert_eq!(received.len(), 1);
        assert_eq!(received[0].header("authorization"), None);
    }
}

#[tokio::test]
async fn a_host_that_was_redirected_to_gets_no_credentials_by_asking_for_them() {
    let thief = elsewhere(challenge).await;
    let fixture = fixture().await;
    fixture.credentials.set(account("bot", "secret"));
    let target = format!("http://{}/v2/", thief.host());
    fixture
        .double
        .script(move |_, _| Some(Reply::new(302, "").with("Location", target.clone())));
    let error = fixture.tags().await.unwrap_err();
    assert!(
        matches!(error, RegistryError::Unauthorized { .. }),
        "{error}"
    );
    let received = thief.take_requests();
    assert_eq!(received.len(), 1, "{received:?}");
    assert_eq!(received[0].header("authorization"), None);
}

#[tokio::test]
async fn redirects_that_never_end_are_given_up() {
    let fixture = fixture().await;
    fixture
        .double
        .script(|_, _| Some(Reply::new(307, "").with("Location", "/v2/again")));
    let error = fixture.tags().await.unwrap_err();
    assert!(matches!(error, RegistryError::Invalid { .. }), "{error}");
    assert_eq!(fixture.asked().len(), 11);
}

#[tokio::test]
async fn a_redirect_inside_the_registry_keeps_the_credentials() {
    let fixture = fixture().await;
    fixture.credentials.set(account("bot", "secret"));
    fixture.double.require(Auth::Basic("bot:secret"));
    fixture.double.script(|request, _| {
        request
            .target
            .contains("n=1000")
            .then(|| Reply::new(301, "").with("Location", "/v2/team/web/tags/list?n=9"))
    });
    assert_eq!(fixture.listed().await, ["v1"]);
}
