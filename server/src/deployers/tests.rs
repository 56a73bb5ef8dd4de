//! What the kinds of the catalogue can do, and whether `docs/deployers.md` tells the same.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use registrywatcher::ports::Capabilities;
use registrywatcher_memory::{MemoryClock, MemoryCredentials, SequentialIds};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::*;

/// The table stands between these lines.
const BEGIN: &str =
    "REGISTRYWATCHER_UPDATE=1 cargo test --package registrywatcher-server deployers -->\n";
const END: &str = "<!-- end of the table -->";

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Settings that a deployer of `kind` can be built from, for each set of capabilities that they decide on.
fn settings(kind: &str, kubeconfig: &Path) -> Vec<(&'static str, Value)> {
    let receiver = json!({
        "url": "https://deploy.example/",
        "secrets": ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    });
    match kind {
        "exec" => vec![("", json!({ "command": ["true"] }))],
        "kubernetes" => vec![("", json!({ "kubeconfig": kubeconfig }))],
        "webhook" => {
            let mut able = receiver.clone();
            able["running_url"] = json!("/running");
            able["reverts_itself"] = json!(true);
            vec![
                ("", receiver),
                (" with `running_url`, `reverts_itself`", able),
            ]
        }
        _ => vec![("", json!({}))],
    }
}

async fn capabilities(kind: &str, settings: Value) -> Capabilities {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let context = DeployerContext {
        name: "production".parse().unwrap(),
        credentials: Arc::new(MemoryCredentials::new()),
        clock: Arc::new(MemoryClock::new()),
        ids: Arc::new(SequentialIds::new()),
        environment: Arc::new(|_| None),
    };
    let deployer = catalogue().build(kind, settings, context).await;
    deployer
        .unwrap_or_else(|error| panic!("{kind} needs settings to be built from here: {error}"))
        .capabilities()
}

fn row(name: &str, capabilities: Capabilities) -> String {
    let Capabilities {
        reverts_itself,
        canaries,
        pins_digest,
        sees_running,
        carries_mark,
        discovers,
    } = capabilities;
    let cells = [
        pins_digest,
        sees_running,
        carries_mark,
        reverts_itself,
        canaries,
        discovers,
    ];
    let cells = cells.map(|can| if can { "yes" } else { "–" });
    format!("| {name} | {} |\n", cells.join(" | "))
}

async fn table() -> String {
    let mut kubeconfig = NamedTempFile::new().unwrap();
    let cluster = json!({
        "clusters": [{ "name": "c", "cluster": { "server": "https://cluster.example" } }],
        "users": [{ "name": "u", "user": {} }],
        "contexts": [{ "name": "x", "context": { "cluster": "c", "user": "u" } }],
        "current-context": "x",
    });
    write!(kubeconfig, "{cluster}").unwrap();
    let mut table = "\
        | `kind` | pins the digest | sees what runs | carries our mark | can revert by itself | has canaries | discovers workloads |\n\
        |---|---|---|---|---|---|---|\n"
        .to_owned();
    for kind in catalogue().kinds.keys() {
        for (variant, settings) in settings(kind, kubeconfig.path()) {
            let name = format!("[`{kind}`](../config/examples/{kind}.toml){variant}");
            table += &row(&name, capabilities(kind, settings).await);
        }
    }
    table
}

#[tokio::test]
#[cfg_attr(
    not(feature = "kubernetes"),
    ignore = "the document tells of all kinds"
)]
async fn the_documentation_tells_what_each_kind_can_do() {
    let path = repository().join("docs/deployers.md");
    let committed = fs::read_to_string(&path).unwrap();
    let (before, rest) = committed.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let present = format!("{before}{BEGIN}\n{}\n{END}{after}", table().await);
    #[expect(clippy::disallowed_methods, reason = "it is no setting of the service")]
    let update = std::env::var("REGISTRYWATCHER_UPDATE").is_ok_and(|value| value == "1");
    if update {
        fs::write(&path, &present).unwrap();
    }
    assert!(
        update || committed == present,
        "docs/deployers.md is out of date: run this test with REGISTRYWATCHER_UPDATE=1, and commit the file"
    );
}

#[test]
fn each_kind_has_an_example() {
    for kind in catalogue().kinds.keys() {
        let path = repository().join(format!("config/examples/{kind}.toml"));
        let example = fs::read_to_string(&path).unwrap_or_default();
        let line = format!("kind = \"{kind}\"");
        assert!(example.contains(&line), "{} uses it", path.display());
    }
}
