//! The suite of the Credentials port: [`credentials_suite!`](crate::credentials_suite).

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a clause fails by panicking, and says what it expected"
)]

use std::fmt;

use async_trait::async_trait;
use registrywatcher::image::RegistryHost;
use registrywatcher::ports::{Credential, Credentials};
use secrecy::ExposeSecret;

/// A fresh adapter for which nothing is configured, and the moves from outside.
#[async_trait]
pub trait CredentialsHarness: Send + Sync {
    /// The adapter under test.
    type Adapter: Credentials + fmt::Debug;

    /// The adapter as it is configured now.
    fn credentials(&self) -> &Self::Adapter;

    /// Configures a user and a password for `registry`.
    async fn configure(&mut self, registry: &RegistryHost, username: &str, password: &str);

    /// Makes what is configured for `registry` unreadable, leaving `secret` in what is read.
    async fn corrupt(&mut self, registry: &RegistryHost, secret: &str);
}

const SECRET: &str = "dckr_pat_conformance-c0ffee";

/// A registry that nothing is configured for gets [`Credential::Anonymous`], not an error.
pub async fn a_registry_that_nothing_is_configured_for_gets_anonymous(
    mut harness: impl CredentialsHarness,
) {
    assert_anonymous(&harness, "ghcr.io").await;
    harness.configure(&host("ghcr.io"), "bot", SECRET).await;
    for stranger in ["quay.io", "docker.io", "registry.example:5000"] {
        assert_anonymous(&harness, stranger).await;
    }
}

/// The credentials of one registry are never given for another.
pub async fn the_credentials_of_one_registry_are_never_given_for_another(
    mut harness: impl CredentialsHarness,
) {
    let hosts = [
        "docker.io",
        "registry.example",
        "registry.example:5000",
        "registry.example:5001",
        "a.registry.example",
        "registry.example.org",
    ];
    for (index, name) in hosts.iter().enumerate() {
        harness
            .configure(
                &host(name),
                &format!("user-{index}"),
                &format!("{SECRET}-{index}"),
            )
            .await;
    }
    for (index, name) in hosts.iter().enumerate() {
        let (username, password) = basic(&harness, name).await;
        assert_eq!(username, format!("user-{index}"), "the user for {name}");
        assert_eq!(
            password,
            format!("{SECRET}-{index}"),
            "the password for {name}"
        );
    }
    for neighbour in [
        "registry.exampl",
        "registry.example:500",
        "b.registry.example",
    ] {
        assert_anonymous(&harness, neighbour).await;
    }
}

/// A password that holds a `:` is kept whole.
pub async fn a_password_that_holds_a_colon_is_kept_whole(mut harness: impl CredentialsHarness) {
    for password in ["a:b", ":", "::a:", "https://x:y@z/"] {
        harness.configure(&host("ghcr.io"), "bot", password).await;
        let found = basic(&harness, "ghcr.io").await;
        assert_eq!(found, ("bot".to_owned(), password.to_owned()));
    }
}

/// No secret appears in `Debug` or in an error.
pub async fn no_secret_appears_in_debug_or_in_an_error(mut harness: impl CredentialsHarness) {
    let (good, bad) = (host("ghcr.io"), host("quay.io"));
    harness.configure(&good, "bot", SECRET).await;
    harness.corrupt(&bad, SECRET).await;

    let error = harness
        .credentials()
        .credential(&bad)
        .await
        .expect_err("what cannot be read is an error, not anonymous");
    assert_silent("Display of the error", &error.to_string());
    assert_silent("Debug of the error", &format!("{error:?}"));
    assert!(
        error.to_string().contains("quay.io"),
        "the error names the registry: {error}"
    );

    harness.configure(&good, "bot", SECRET).await;
    let credential = harness.credentials().credential(&good).await;
    assert_silent("Debug of the credential", &format!("{credential:?}"));
    assert_silent(
        "Debug of the adapter",
        &format!("{:?}", harness.credentials()),
    );
}

#[track_caller]
fn assert_silent(place: &str, text: &str) {
    assert!(!text.contains(SECRET), "the secret appears in the {place}");
}

fn host(name: &str) -> RegistryHost {
    name.parse()
        .expect("a registry of the suite is well-formed")
}

async fn assert_anonymous(harness: &impl CredentialsHarness, name: &str) {
    let found = harness.credentials().credential(&host(name)).await;
    assert!(
        matches!(found, Ok(Credential::Anonymous)),
        "{name} got {found:?}"
    );
}

async fn basic(harness: &impl CredentialsHarness, name: &str) -> (String, String) {
    match harness.credentials().credential(&host(name)).await {
        Ok(Credential::Basic { username, password }) => {
            (username, password.expose_secret().to_owned())
        }
        other => panic!("{name} should get a user and a password, got {other:?}"),
    }
}

/// Runs every clause of the Credentials port's contract over an adapter, one named test each.
///
/// `$harness` is the path of an `async fn() -> impl CredentialsHarness`.
#[macro_export]
macro_rules! credentials_suite {
    ($harness:path) => {
        $crate::credentials_suite! { @clauses $harness =>
            a_registry_that_nothing_is_configured_for_gets_anonymous,
            the_credentials_of_one_registry_are_never_given_for_another,
            a_password_that_holds_a_colon_is_kept_whole,
            no_secret_appears_in_debug_or_in_an_error,
        }
    };
    (@clauses $harness:path => $($clause:ident,)+) => {$(
        #[tokio::test]
        async fn $clause() {
            $crate::credentials::$clause($harness().await).await;
        }
    )+};
}
