//! Our own configuration, which goes before Docker's.

use std::collections::BTreeMap;

use registrywatcher_credentials_docker::{
    ConfiguredCredential, DockerConfigSource, DockerCredentials, SecretSource,
};

use crate::fixture::{Fixture, failure, host, presented, set_age};

fn one(registry: &str, credential: ConfiguredCredential) -> DockerCredentials {
    let configured = BTreeMap::from([(host(registry), credential)]);
    DockerCredentials::new(configured, DockerConfigSource::none())
}

fn basic(password: SecretSource) -> ConfiguredCredential {
    ConfiguredCredential::Basic {
        username: "bot".to_owned(),
        password,
    }
}

#[tokio::test]
async fn each_kind_of_credential_is_presented_as_what_it_is() {
    let value = || SecretSource::Value("s:e".into());
    for (credential, expected) in [
        (basic(value()), "bot / s:e"),
        (
            ConfiguredCredential::IdentityToken(value()),
            "identity token s:e",
        ),
        (
            ConfiguredCredential::RegistryToken(value()),
            "registry token s:e",
        ),
    ] {
        let credentials = one("ghcr.io", credential);
        assert_eq!(presented(&credentials, "ghcr.io").await, expected);
        assert_eq!(presented(&credentials, "quay.io").await, "anonymous");
    }
}

#[tokio::test]
async fn what_is_configured_goes_before_a_docker_config_however_broken() {
    let fixture = Fixture::with_config("not JSON at all");
    let configured =
        BTreeMap::from([(host("ghcr.io"), basic(SecretSource::Value("secret".into())))]);
    let source = DockerConfigSource::file(fixture.path("config.json"));
    let credentials = DockerCredentials::new(configured, source);
    assert_eq!(presented(&credentials, "ghcr.io").await, "bot / secret");
    failure(&credentials, "quay.io").await;
}

#[tokio::test]
async fn a_password_file_is_read_again_when_it_changes() {
    let fixture = Fixture::new();
    let file = fixture.write("password", "old\n");
    set_age(&file, 1);
    let credentials = one("ghcr.io", basic(SecretSource::File(file.clone())));
    assert_eq!(presented(&credentials, "ghcr.io").await, "bot / old");
    fixture.write_aged("password", "new\n", 2);
    assert_eq!(presented(&credentials, "ghcr.io").await, "bot / new");
}

#[tokio::test]
async fn only_line_breaks_at_the_end_of_a_password_file_are_dropped() {
    let fixture = Fixture::new();
    for (content, password) in [("a b ", "a b "), ("ab\r\n", "ab"), ("a\nb\n", "a\nb")] {
        let file = fixture.write("password", content);
        let credentials = one("ghcr.io", basic(SecretSource::File(file)));
        assert_eq!(
            presented(&credentials, "ghcr.io").await,
            format!("bot / {password}")
        );
    }
}

#[tokio::test]
async fn an_unusable_password_file_is_named() {
    let fixture = Fixture::new();
    let missing = one(
        "ghcr.io",
        basic(SecretSource::File(fixture.path("missing"))),
    );
    let words = failure(&missing, "ghcr.io").await;
    assert!(
        words.ends_with("missing`: there is no such file"),
        "{words}"
    );

    let empty = one(
        "ghcr.io",
        basic(SecretSource::File(fixture.write("empty", "\n"))),
    );
    let words = failure(&empty, "ghcr.io").await;
    assert!(words.ends_with("empty`: it is empty"), "{words}");
}
