//! What a command is told, and what it is not.

use std::collections::BTreeMap;
use std::path::Path;

use registrywatcher::deployment::Previous;
use registrywatcher::ports::{Apply, Progress};
use registrywatcher_conformance::deployer::roll_out;
use registrywatcher_conformance::samples;

use crate::{PATH, apply, deployer, shell};

/// What a shell adds by itself.
const OF_THE_SHELL: [&str; 4] = ["PWD", "OLDPWD", "SHLVL", "_"];

fn variables(folder: &Path) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(folder.join("environment")).expect("the command wrote it");
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    pairs
        .filter(|(name, _)| !OF_THE_SHELL.contains(name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

#[tokio::test]
async fn a_command_gets_the_facts_and_nothing_of_our_environment() {
    assert!(
        std::env::vars_os().count() > 1,
        "there is something to be kept back"
    );
    let folder = tempfile::tempdir().unwrap();
    let deployer = deployer(shell(folder.path(), "env > environment"));
    let previous = Previous {
        tag: Some(samples::tag("v1")),
        digest: None,
    };
    let apply = Apply {
        previous: Some(previous),
        forced: true,
        ..apply(2)
    };
    assert_eq!(roll_out(&deployer, apply).await, Progress::Succeeded);

    let digest = samples::digest(2);
    let expected = [
        ("PATH", PATH),
        ("RW_DEPLOYMENT_ID", "00000000-0000-0000-0000-000000000002"),
        ("RW_DIGEST", digest.as_str()),
        ("RW_FORCED", "true"),
        ("RW_IMAGE", &format!("ghcr.io/acme/web@{digest}")),
        ("RW_PREVIOUS_DIGEST", ""),
        ("RW_PREVIOUS_TAG", "v1"),
        ("RW_REPOSITORY", "ghcr.io/acme/web"),
        ("RW_TAG", "v2"),
        ("RW_WORKLOAD_NAME", "web"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(variables(folder.path()), BTreeMap::from(expected));
}

#[tokio::test]
async fn a_command_gets_what_is_listed() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = shell(folder.path(), "env > environment");
    settings
        .environment
        .insert("STAGE".into(), "production".into());
    settings
        .environment
        .insert("PATH".into(), format!("/opt/bin:{PATH}").into());
    settings.inherit_environment = vec!["SSH_AUTH_SOCK".into(), "SURELY_NOT_SET".into()];
    assert_eq!(
        roll_out(&deployer(settings), apply(2)).await,
        Progress::Succeeded
    );

    let variables = variables(folder.path());
    assert_eq!(variables["STAGE"], "production");
    assert_eq!(variables["SSH_AUTH_SOCK"], "/run/agent");
    assert_eq!(
        variables["PATH"],
        format!("/opt/bin:{PATH}"),
        "what is set wins"
    );
    assert!(!variables.contains_key("SURELY_NOT_SET"));
}

#[tokio::test]
async fn what_is_told_is_never_read_as_a_command() {
    let folder = tempfile::tempdir().unwrap();
    let hostile = "$(touch pwned); `touch pwned` & touch pwned #";
    let deployer = deployer(shell(folder.path(), "env > environment; cat > facts"));
    let workload = samples::workload("hooks", &[("name", hostile)]);
    let apply = Apply {
        workload,
        ..apply(2)
    };
    assert_eq!(roll_out(&deployer, apply).await, Progress::Succeeded);
    assert_eq!(variables(folder.path())["RW_WORKLOAD_NAME"], hostile);
    assert!(!folder.path().join("pwned").exists(), "it was run");
}

#[tokio::test]
async fn an_argument_reaches_the_program_as_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = shell(folder.path(), r#"printf '%s' "$1" > argument"#);
    settings
        .command
        .extend(["deploy".into(), "$RW_TAG * ;touch pwned".into()]);
    assert_eq!(
        roll_out(&deployer(settings), apply(2)).await,
        Progress::Succeeded
    );
    let argument = std::fs::read_to_string(folder.path().join("argument")).unwrap();
    assert_eq!(argument, "$RW_TAG * ;touch pwned");
    assert!(!folder.path().join("pwned").exists(), "it was run");
}

#[tokio::test]
async fn the_same_stands_as_json_on_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    let deployer = deployer(shell(folder.path(), "cat > facts"));
    let previous = Previous {
        tag: None,
        digest: Some(samples::digest(1)),
    };
    let apply = Apply {
        previous: Some(previous),
        ..apply(2)
    };
    assert_eq!(roll_out(&deployer, apply).await, Progress::Succeeded);

    let facts = std::fs::read_to_string(folder.path().join("facts")).unwrap();
    let facts: serde_json::Value = serde_json::from_str(&facts).unwrap();
    let expected = serde_json::json!({
        "deployment_id": "00000000-0000-0000-0000-000000000002",
        "image": format!("ghcr.io/acme/web@{}", samples::digest(2)),
        "repository": "ghcr.io/acme/web",
        "tag": "v2",
        "digest": samples::digest(2),
        "previous_tag": null,
        "previous_digest": samples::digest(1),
        "forced": false,
        "workload": { "name": "web" },
    });
    assert_eq!(facts, expected);
}
