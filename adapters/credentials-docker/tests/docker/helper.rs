//! Credential helpers, which are programs of their own.

use std::process::Command;
use std::time::Duration;

use registrywatcher_credentials_docker::HelperSettings;
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;

use crate::fixture::{Fixture, auth, failure, presented};

/// Answers with the server that it was asked for, as the user's name.
const ECHO: &str = r#"read -r server
printf '{"ServerURL":"%s","Username":"%s","Secret":"s:e"}' "$server" "$server""#;

const NOT_FOUND: &str = "echo 'credentials not found in native keychain'; exit 1";

#[tokio::test]
async fn a_helper_goes_before_the_store_and_the_store_before_auths() {
    let auth = auth("file", "pw");
    let fixture = Fixture::with_config(&format!(
        r#"{{"auths":{{"helped.example":{{"auth":"{auth}"}},"stored.example":{{"auth":"{auth}"}}}},
            "credsStore":"store","credHelpers":{{"helped.example":"helper"}}}}"#
    ));
    let says = |user: &str| format!(r#"echo '{{"Username":"{user}","Secret":"pw"}}'"#);
    fixture.install_helper("helper", &says("helper"));
    fixture.install_helper("store", &says("store"));
    let credentials = fixture.credentials();
    assert_eq!(
        presented(&credentials, "helped.example").await,
        "helper / pw"
    );
    assert_eq!(
        presented(&credentials, "stored.example").await,
        "store / pw"
    );
    assert_eq!(
        presented(&credentials, "unknown.example").await,
        "store / pw"
    );
}

#[tokio::test]
async fn a_helper_is_asked_for_the_server_under_dockers_own_key() {
    let fixture = Fixture::with_config(
        r#"{"auths":{"https://stored.example":{}},
            "credsStore":"echo","credHelpers":{"helped.example":"echo"}}"#,
    );
    fixture.install_helper("echo", ECHO);
    let credentials = fixture.credentials();
    for (registry, server) in [
        ("docker.io", "https://index.docker.io/v1/"),
        ("ghcr.io", "ghcr.io"),
        ("helped.example", "helped.example"),
        ("stored.example", "https://stored.example"),
    ] {
        assert_eq!(
            presented(&credentials, registry).await,
            format!("{server} / s:e")
        );
    }
}

#[tokio::test]
async fn the_user_token_marks_an_identity_token() {
    let fixture = Fixture::with_config(r#"{"credsStore":"token"}"#);
    fixture.install_helper(
        "token",
        r#"echo '{"Username":"<token>","Secret":"refresh"}'"#,
    );
    assert_eq!(
        presented(&fixture.credentials(), "acme.azurecr.io").await,
        "identity token refresh"
    );
}

#[tokio::test]
async fn a_helper_that_knows_nothing_leaves_it_to_auths_and_then_to_anonymous() {
    let fixture = Fixture::with_config(&format!(
        r#"{{"auths":{{"ghcr.io":{{"auth":"{}"}}}},"credsStore":"empty"}}"#,
        auth("file", "pw")
    ));
    fixture.install_helper("empty", NOT_FOUND);
    let credentials = fixture.credentials();
    assert_eq!(presented(&credentials, "ghcr.io").await, "file / pw");
    assert_eq!(presented(&credentials, "quay.io").await, "anonymous");
}

#[tokio::test]
async fn an_answer_is_remembered_for_a_while() {
    let fixture = Fixture::with_config(r#"{"credsStore":"changing"}"#);
    let says = |user: &str| format!(r#"echo '{{"Username":"{user}","Secret":"pw"}}'"#);
    let remembering = fixture.credentials();
    let settings = HelperSettings {
        remembered_for: Duration::ZERO,
        ..fixture.helper_settings()
    };
    let forgetting = fixture.credentials().with_helper_settings(settings);
    fixture.install_helper("changing", &says("old"));
    assert_eq!(presented(&remembering, "ghcr.io").await, "old / pw");
    assert_eq!(presented(&forgetting, "ghcr.io").await, "old / pw");
    fixture.install_helper("changing", &says("new"));
    assert_eq!(presented(&remembering, "ghcr.io").await, "old / pw");
    assert_eq!(presented(&forgetting, "ghcr.io").await, "new / pw");
}

#[tokio::test]
async fn a_helper_that_hangs_is_killed_with_all_that_it_started() {
    let fixture = Fixture::with_config(r#"{"credsStore":"hanging"}"#);
    let alive = fixture.path("alive");
    assert!(
        Command::new("mkfifo")
            .arg(&alive)
            .status()
            .unwrap()
            .success()
    );
    let mut held = pipe::OpenOptions::new().open_receiver(&alive).unwrap();
    // The pipe is held open by the helper and by the `sleep` that it starts, so its end is the death of both.
    fixture.install_helper(
        "hanging",
        r#"exec 3>"${0%/*}/alive"; echo started >&3; sleep 600; echo too late"#,
    );
    let settings = HelperSettings {
        timeout: Duration::from_secs(1),
        ..fixture.helper_settings()
    };
    let credentials = fixture.credentials().with_helper_settings(settings);
    assert_eq!(
        failure(&credentials, "ghcr.io").await,
        "the credential helper `docker-credential-hanging` failed for ghcr.io: it did not answer within 1s and was killed"
    );
    let mut words = String::new();
    let death = tokio::time::timeout(Duration::from_secs(30), held.read_to_string(&mut words));
    death
        .await
        .expect("nothing holds the pipe any more")
        .unwrap();
    assert_eq!(words, "started\n");
}

#[tokio::test]
async fn the_words_of_a_failing_helper_are_told() {
    let fixture = Fixture::with_config(r#"{"credsStore":"failing"}"#);
    fixture.install_helper("failing", "echo 'the keychain is locked'; exit 3");
    assert_eq!(
        failure(&fixture.credentials(), "ghcr.io").await,
        "the credential helper `docker-credential-failing` failed for ghcr.io: exit status: 3: the keychain is locked"
    );
}

#[tokio::test]
async fn a_secret_in_a_helpers_answer_never_reaches_an_error() {
    let fixture = Fixture::with_config(r#"{"credsStore":"leaking"}"#);
    for script in [
        "echo hunter2",
        r#"echo '{"Username":"bot","Secret":["hunter2"]}'"#,
        r#"echo '{"Username":"bot","Secret":"hunter2"}'; exit 1"#,
        "echo hunter2 >&2; exit 1",
    ] {
        fixture.install_helper("leaking", script);
        let words = failure(&fixture.credentials(), "ghcr.io").await;
        assert!(!words.contains("hunter2"), "{script}: {words}");
    }
}

#[tokio::test]
async fn a_missing_or_misnamed_helper_is_an_error_only_where_it_would_be_used() {
    let fixture = Fixture::with_config(&format!(
        r#"{{"auths":{{"plain.example":{{"auth":"{}"}}}},
            "credHelpers":{{"missing.example":"missing","odd.example":"../../bin/sh"}}}}"#,
        auth("file", "pw")
    ));
    let credentials = fixture.credentials();
    assert_eq!(presented(&credentials, "plain.example").await, "file / pw");
    let words = failure(&credentials, "missing.example").await;
    assert!(
        words.ends_with("there is no such program in `PATH`"),
        "{words}"
    );
    let words = failure(&credentials, "odd.example").await;
    assert!(
        words.ends_with("a helper's name has letters, digits, `.`, `_` and `-`"),
        "{words}"
    );
}
