//! Docker's `config.json`: keys, entries, and what happens when it is broken.

use registrywatcher_credentials_docker::{DockerConfigSource, DockerCredentials};

use crate::fixture::{Fixture, auth, failure, presented, set_age};

fn entry(key: &str, username: &str) -> String {
    format!(r#""{key}":{{"auth":"{}"}}"#, auth(username, "pw"))
}

#[tokio::test]
async fn a_key_names_its_registry_with_or_without_scheme_and_path() {
    for key in [
        "ghcr.io",
        "https://ghcr.io",
        "http://ghcr.io/v1/",
        "https://GHCR.io/v2/",
        "ghcr.io/acme",
    ] {
        let fixture = Fixture::with_config(&format!(r#"{{"auths":{{{}}}}}"#, entry(key, "bot")));
        let credentials = fixture.credentials();
        assert_eq!(
            presented(&credentials, "ghcr.io").await,
            "bot / pw",
            "key {key}"
        );
        assert_eq!(
            presented(&credentials, "ghcr.io:443").await,
            "anonymous",
            "key {key}"
        );
    }
}

#[tokio::test]
async fn docker_hub_is_found_under_each_of_its_names() {
    for key in [
        "https://index.docker.io/v1/",
        "index.docker.io",
        "docker.io",
        "registry-1.docker.io",
    ] {
        let fixture = Fixture::with_config(&format!(r#"{{"auths":{{{}}}}}"#, entry(key, "bot")));
        assert_eq!(
            presented(&fixture.credentials(), "docker.io").await,
            "bot / pw",
            "key {key}"
        );
    }
}

#[tokio::test]
async fn the_registrys_very_name_wins_over_longer_keys() {
    let entries = [
        entry("https://ghcr.io/v2/", "with-scheme"),
        entry("ghcr.io", "exact"),
        entry("ghcr.io/acme/web", "scoped"),
        entry("https://index.docker.io/v1/", "hub"),
        entry("https://index.docker.io/v1/access-token", "hub-token"),
        entry("quay.io/acme/web", "narrow"),
        entry("quay.io/acme", "wide"),
    ];
    let fixture = Fixture::with_config(&format!(r#"{{"auths":{{{}}}}}"#, entries.join(",")));
    let credentials = fixture.credentials();
    assert_eq!(presented(&credentials, "ghcr.io").await, "exact / pw");
    assert_eq!(presented(&credentials, "docker.io").await, "hub / pw");
    assert_eq!(presented(&credentials, "quay.io").await, "wide / pw");
}

#[tokio::test]
async fn tokens_win_over_user_and_password() {
    let fixture = Fixture::with_config(&format!(
        r#"{{"auths":{{
            "identity.example":{{"auth":"{auth}","identitytoken":"refresh"}},
            "bearer.example":{{"auth":"{auth}","identitytoken":"refresh","registrytoken":"bearer"}},
            "plain.example":{{"username":"bot","password":"pa:ss"}},
            "empty.example":{{}},
            "blank.example":{{"auth":"","username":"bot"}}
        }}}}"#,
        auth = auth("bot", "pw")
    ));
    let credentials = fixture.credentials();
    assert_eq!(
        presented(&credentials, "identity.example").await,
        "identity token refresh"
    );
    assert_eq!(
        presented(&credentials, "bearer.example").await,
        "registry token bearer"
    );
    assert_eq!(
        presented(&credentials, "plain.example").await,
        "bot / pa:ss"
    );
    assert_eq!(presented(&credentials, "empty.example").await, "anonymous");
    assert_eq!(presented(&credentials, "blank.example").await, "anonymous");
}

#[tokio::test]
async fn a_config_without_credentials_is_anonymous() {
    for json in [
        "",
        "{}",
        r#"{"auths":null,"credsStore":null}"#,
        r#"{"HttpHeaders":{"a":"b"}}"#,
    ] {
        let fixture = Fixture::with_config(json);
        assert_eq!(
            presented(&fixture.credentials(), "ghcr.io").await,
            "anonymous",
            "{json:?}"
        );
    }
}

#[tokio::test]
async fn a_malformed_entry_is_an_error_for_its_registry_only() {
    let fixture = Fixture::with_config(&format!(
        r#"{{"auths":{{"broken.example":{{"auth":"hunter2!"}},"odd.example":["hunter2",5],{}}}}}"#,
        entry("ghcr.io", "bot")
    ));
    let credentials = fixture.credentials();
    assert_eq!(presented(&credentials, "ghcr.io").await, "bot / pw");
    assert_eq!(presented(&credentials, "quay.io").await, "anonymous");
    assert_eq!(
        failure(&credentials, "broken.example").await,
        format!(
            "the credentials for broken.example cannot be read: the Docker config `{}`: the entry `broken.example` of \
             `auths`: it is not base64; log in to the registry again",
            fixture.path("config.json").display()
        )
    );
    let odd = failure(&credentials, "odd.example").await;
    assert!(odd.contains("it is not an object of strings"), "{odd}");
    assert!(!odd.contains("hunter2"), "{odd}");
}

#[tokio::test]
async fn a_broken_file_is_named_by_file_and_line_and_never_quoted() {
    for (json, problem) in [
        (
            "{\n  \"auths\": hunter2",
            "it is not JSON at line 2, column 12",
        ),
        (
            "{\"auths\": \"hunter2\"}",
            "it does not follow Docker's format at line 1, column 19",
        ),
    ] {
        let fixture = Fixture::with_config(json);
        let words = failure(&fixture.credentials(), "ghcr.io").await;
        let path = fixture.path("config.json");
        assert_eq!(
            words,
            format!(
                "the credentials for ghcr.io cannot be read: the Docker config `{}`: {problem}",
                path.display()
            )
        );
    }
}

#[tokio::test]
async fn a_file_that_was_named_must_exist() {
    let fixture = Fixture::new();
    let words = failure(&fixture.credentials(), "ghcr.io").await;
    assert!(
        words.ends_with("config.json`: there is no such file"),
        "{words}"
    );

    let folder = DockerConfigSource::file(fixture.path("."));
    let credentials = DockerCredentials::new([].into(), folder);
    let words = failure(&credentials, "ghcr.io").await;
    assert!(words.ends_with("it is not a regular file"), "{words}");
}

#[tokio::test]
async fn a_changed_file_is_read_again_and_an_unchanged_one_is_not() {
    let fixture = Fixture::new();
    let write = |username: &str, age| {
        let json = format!(r#"{{"auths":{{{}}}}}"#, entry("ghcr.io", username));
        fixture.write_aged("config.json", json, age);
    };
    let credentials = fixture.credentials();
    write("anna", 1);
    assert_eq!(presented(&credentials, "ghcr.io").await, "anna / pw");
    write("bert", 1);
    assert_eq!(
        presented(&credentials, "ghcr.io").await,
        "anna / pw",
        "same length, same time"
    );
    set_age(&fixture.path("config.json"), 2);
    assert_eq!(
        presented(&credentials, "ghcr.io").await,
        "bert / pw",
        "another time"
    );
    write("charlotte", 2);
    assert_eq!(
        presented(&credentials, "ghcr.io").await,
        "charlotte / pw",
        "another length"
    );
}

#[tokio::test]
async fn a_repaired_file_is_used_at_once() {
    let fixture = Fixture::with_config("{");
    let credentials = fixture.credentials();
    failure(&credentials, "ghcr.io").await;
    fixture.write(
        "config.json",
        format!(r#"{{"auths":{{{}}}}}"#, entry("ghcr.io", "bot")),
    );
    assert_eq!(presented(&credentials, "ghcr.io").await, "bot / pw");
}
