//! The two files of a workload: what it is to run, and what came of it.

use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};

use registrywatcher::deployment::{DeploymentId, Running};
use registrywatcher::ports::Apply;
use tokio::fs;

/// The files of one workload.
#[derive(Debug)]
pub(crate) struct Files {
    wanted: PathBuf,
    result: PathBuf,
}

/// What became of a deployment.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Ok,
    Failed(String),
}

impl Files {
    pub(crate) fn of(folder: &Path, name: &str) -> Self {
        Self {
            wanted: folder.join(format!("{name}.env")),
            result: folder.join(format!("{name}.result")),
        }
    }

    /// Writes what is wanted, in one step: nobody ever reads half of it.
    pub(crate) async fn write(&self, apply: &Apply) -> io::Result<()> {
        let mut text = String::new();
        for (name, value) in [
            ("RW_DEPLOYMENT_ID", apply.id.to_string()),
            ("RW_IMAGE", apply.pinned().to_string()),
            ("RW_TAG", apply.candidate.tag.to_string()),
        ] {
            writeln!(text, "{name}={value}").map_err(io::Error::other)?;
        }
        let draft = self.wanted.with_extension("env.new");
        fs::write(&draft, text).await?;
        fs::rename(&draft, &self.wanted).await
    }

    /// What is wanted now; `None` if that is nothing.
    pub(crate) async fn wanted(&self) -> io::Result<Option<Running>> {
        let text = fs::read_to_string(&self.wanted).await?;
        let value = |name: &str| {
            let mut pairs = text.lines().filter_map(|line| line.split_once('='));
            pairs.find_map(|(known, value)| (known == name).then_some(value))
        };
        let Some(image) = value("RW_IMAGE") else {
            return Ok(None);
        };
        Ok(Some(Running {
            image: image.parse().map_err(io::Error::other)?,
            tag: value("RW_TAG").and_then(|tag| tag.parse().ok()),
            platform: None,
            mark: value("RW_DEPLOYMENT_ID").and_then(|id| id.parse().ok()),
        }))
    }

    /// What came of a deployment; `None` if that is not known yet.
    pub(crate) async fn outcome(&self, id: DeploymentId) -> io::Result<Option<Outcome>> {
        let text = match fs::read_to_string(&self.result).await {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(match after_id(&text, id) {
            Some(("ok", _)) => Some(Outcome::Ok),
            Some(("failed", message)) => Some(Outcome::Failed(message.to_owned())),
            _ => None,
        })
    }
}

/// The word and the rest of the first line that begins with `id`.
fn after_id(text: &str, id: DeploymentId) -> Option<(&str, &str)> {
    let id = id.to_string();
    let line = text.lines().find_map(|line| line.strip_prefix(&id))?.trim();
    Some(line.split_once(' ').unwrap_or((line, "")))
}
