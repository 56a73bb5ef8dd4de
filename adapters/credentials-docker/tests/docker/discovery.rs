//! Where Docker's configuration is looked for, by the environment.

use std::collections::BTreeMap;

use registrywatcher_credentials_docker::{DockerConfigSource, DockerCredentials};

use crate::fixture::{Fixture, auth, failure, presented};

fn config(registry: &str, username: &str) -> String {
    format!(
        r#"{{"auths":{{"{registry}":{{"auth":"{}"}}}}}}"#,
        auth(username, "pw")
    )
}

fn discovered(variables: &[(&str, &str)]) -> DockerCredentials {
    let environment: BTreeMap<&str, &str> = variables.iter().copied().collect();
    let source =
        DockerConfigSource::discover(|name| environment.get(name).map(|&value| value.to_owned()));
    DockerCredentials::new(BTreeMap::new(), source)
}

#[tokio::test]
async fn each_place_is_looked_into_and_the_first_that_knows_the_registry_wins() {
    let fixture = Fixture::new();
    let home = fixture.path("home").display().to_string();
    let run = fixture.path("run").display().to_string();
    let docker = fixture.path("docker").display().to_string();
    let named = fixture
        .write("named.json", config("ghcr.io", "named"))
        .display()
        .to_string();
    fixture.write(
        "home/.config/containers/auth.json",
        config("ghcr.io", "podman-home"),
    );
    fixture.write("run/containers/auth.json", config("ghcr.io", "podman-run"));
    fixture.write("home/.docker/config.json", config("ghcr.io", "docker-home"));
    fixture.write("docker/config.json", config("ghcr.io", "docker-config"));
    let json = config("ghcr.io", "variable");

    let mut variables = vec![("UNRELATED", "x")];
    for (variable, expected) in [
        (("XDG_RUNTIME_DIR", run.as_str()), "podman-run / pw"),
        (("HOME", home.as_str()), "docker-home / pw"),
        (("REGISTRY_AUTH_FILE", named.as_str()), "named / pw"),
        (("DOCKER_CONFIG", docker.as_str()), "docker-config / pw"),
        (("DOCKER_AUTH_CONFIG", json.as_str()), "variable / pw"),
    ] {
        variables.push(variable);
        assert_eq!(
            presented(&discovered(&variables), "ghcr.io").await,
            expected
        );
    }
}

#[tokio::test]
async fn a_place_without_the_registry_leaves_it_to_the_next() {
    let fixture = Fixture::new();
    fixture.write(".docker/config.json", config("quay.io", "docker"));
    fixture.write(".config/containers/auth.json", config("ghcr.io", "podman"));
    let home = fixture.path("").display().to_string();
    let credentials = discovered(&[
        ("HOME", &home),
        ("DOCKER_AUTH_CONFIG", &config("docker.io", "variable")),
    ]);
    assert_eq!(presented(&credentials, "docker.io").await, "variable / pw");
    assert_eq!(presented(&credentials, "quay.io").await, "docker / pw");
    assert_eq!(presented(&credentials, "ghcr.io").await, "podman / pw");
    assert_eq!(
        presented(&credentials, "registry.example").await,
        "anonymous"
    );
}

#[tokio::test]
async fn docker_config_takes_the_place_of_the_home_folder() {
    let fixture = Fixture::new();
    fixture.write(".docker/config.json", config("ghcr.io", "home"));
    let home = fixture.path("").display().to_string();
    let elsewhere = fixture.path("elsewhere").display().to_string();
    let credentials = discovered(&[("HOME", &home), ("DOCKER_CONFIG", &elsewhere)]);
    assert_eq!(presented(&credentials, "ghcr.io").await, "anonymous");
}

#[tokio::test]
async fn files_that_nobody_named_may_be_missing_and_may_appear_later() {
    let fixture = Fixture::new();
    let home = fixture.path("").display().to_string();
    let credentials = discovered(&[("HOME", &home), ("DOCKER_AUTH_CONFIG", "")]);
    assert_eq!(presented(&credentials, "ghcr.io").await, "anonymous");
    fixture.write(".docker/config.json", config("ghcr.io", "late"));
    assert_eq!(presented(&credentials, "ghcr.io").await, "late / pw");
}

#[tokio::test]
async fn a_broken_variable_is_named_and_never_quoted() {
    let credentials = discovered(&[("DOCKER_AUTH_CONFIG", "hunter2")]);
    assert_eq!(
        failure(&credentials, "ghcr.io").await,
        "the credentials for ghcr.io cannot be read: the variable `DOCKER_AUTH_CONFIG`: it is not JSON at line 1, \
         column 1"
    );
    assert!(!format!("{credentials:?}").contains("hunter2"));
}

#[tokio::test]
async fn an_empty_environment_is_anonymous() {
    assert_eq!(presented(&discovered(&[]), "docker.io").await, "anonymous");
}
