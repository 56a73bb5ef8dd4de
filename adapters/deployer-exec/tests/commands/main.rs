//! What commands are told, what their exits mean, and how they are stopped.

#![expect(
    clippy::expect_used,
    reason = "a test panics where its premise is broken"
)]

mod exits;
mod stopping;
mod telling;

use std::path::Path;
use std::sync::Arc;

use registrywatcher::deployment::DeploymentId;
use registrywatcher::intent::Candidate;
use registrywatcher::ports::{Apply, Environment};
use registrywatcher_conformance::samples;
use registrywatcher_deployer_exec::{ExecDeployer, Settings};
use uuid::Uuid;

/// Our own environment.
const OURS: [(&str, &str); 2] = [("PATH", PATH), ("SSH_AUTH_SOCK", "/run/agent")];
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// Settings that run `script` in `folder`.
fn shell(folder: &Path, script: &str) -> Settings {
    let command = ["sh", "-c", script].map(str::to_owned).to_vec();
    Settings {
        working_directory: Some(folder.to_owned()),
        ..Settings::of_command(command)
    }
}

fn deployer(settings: Settings) -> ExecDeployer {
    let ours: Environment = Arc::new(|name| {
        let (_, value) = OURS.iter().find(|(known, _)| *known == name)?;
        Some((*value).to_owned())
    });
    ExecDeployer::new(settings, &ours).expect("the settings are complete")
}

fn apply(number: u8) -> Apply {
    Apply {
        id: DeploymentId(Uuid::from_u128(number.into())),
        workload: samples::workload("hooks", &[("name", "web")]),
        source: "ghcr.io/acme/web".parse().expect("an image reference"),
        candidate: Candidate {
            tag: samples::tag("v2"),
            image: samples::image(number),
        },
        forced: false,
        previous: None,
    }
}
