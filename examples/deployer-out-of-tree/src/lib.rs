//! Deployers of kind `file`: what a workload is to run stands in a file, and who runs it writes back what came of it.

mod files;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use registrywatcher::deployment::{Failure, RolloutHandle, Running};
use registrywatcher::ports::{
    Accepted, Apply, BuildError, Capabilities, DeployError, Deployer, DeployerContext,
    DeployerPlugin, Progress, Rollout,
};
use registrywatcher::watch::{Unit, Workload};
use serde::Deserialize;
use tokio::time::{Instant, sleep};

use files::{Files, Outcome};

/// Where the files are.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The folder of all of them.
    pub folder: PathBuf,
}

/// Deploys by writing files.
#[derive(Debug)]
pub struct FileDeployer {
    folder: PathBuf,
    wait: Duration,
}

const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

impl FileDeployer {
    /// A deployer with these settings.
    pub fn new(settings: Settings) -> Result<Self, BuildError> {
        if !settings.folder.is_absolute() {
            return Err(BuildError {
                setting: "folder".to_owned(),
                problem: format!("`{}` is no absolute path", settings.folder.display()),
            });
        }
        Ok(Self {
            folder: settings.folder,
            wait: Duration::from_secs(30),
        })
    }

    /// Lets `follow` wait this long for news, instead of 30 s.
    #[must_use]
    pub fn with_wait(self, wait: Duration) -> Self {
        Self { wait, ..self }
    }

    fn files(&self, workload: &Workload) -> Result<Files, DeployError> {
        Ok(Files::of(&self.folder, name(workload)?))
    }

    /// What a failed access means: a missing file is a missing workload, a missing folder is not.
    fn about(&self, workload: &Workload, error: io::Error) -> DeployError {
        let workload = workload.clone();
        match error.kind() {
            io::ErrorKind::NotFound if self.folder.is_dir() => DeployError::WorkloadNotFound {
                workload,
                problem: "there is no file for it; begin with an empty one".to_owned(),
            },
            io::ErrorKind::PermissionDenied => DeployError::Refused {
                workload,
                problem: format!("{}: {error}", self.folder.display()),
            },
            _ => DeployError::Unavailable {
                workload,
                problem: format!("its files in {} cannot be used", self.folder.display()),
                source: Some(error.into()),
            },
        }
    }

    /// How far a rollout is; `None` while nothing is known.
    async fn look(&self, rollout: &Rollout) -> Result<Option<Progress>, DeployError> {
        let apply = &rollout.apply;
        let files = self.files(&apply.workload)?;
        let about = |error| self.about(&apply.workload, error);
        let wanted = files.wanted().await.map_err(about)?;
        Ok(match files.outcome(apply.id).await.map_err(about)? {
            Some(Outcome::Ok) => Some(Progress::Succeeded),
            Some(Outcome::Failed(message)) => Some(Progress::Failed {
                reason: Failure::Image { message },
                restored: false,
            }),
            None => {
                let is_wanted = wanted.and_then(|wanted| wanted.mark) == Some(apply.id);
                (!is_wanted).then_some(Progress::Superseded)
            }
        })
    }
}

/// The name in an address, which becomes that of a file.
fn name(workload: &Workload) -> Result<&str, DeployError> {
    let invalid = |problem: &str| DeployError::InvalidAddress {
        workload: workload.clone(),
        problem: problem.to_owned(),
    };
    let mut parts = workload.address.iter();
    let (Some(("name", name)), None) = (parts.next(), parts.next()) else {
        return Err(invalid("an address reads `name = \"web\"`"));
    };
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if name.is_empty() || !name.chars().all(is_part) {
        return Err(invalid("a name is made of letters, digits, `-` and `_`"));
    }
    Ok(name)
}

#[async_trait]
impl Deployer for FileDeployer {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            reverts_itself: false,
            canaries: false,
            pins_digest: true,
            sees_running: true,
            carries_mark: true,
            discovers: false,
        }
    }

    fn unit(&self, workload: &Workload) -> Result<Unit, DeployError> {
        Ok(Unit::new(&workload.deployer, name(workload)?))
    }

    async fn running(&self, workload: &Workload) -> Result<Option<Running>, DeployError> {
        let wanted = self.files(workload)?.wanted().await;
        wanted.map_err(|error| self.about(workload, error))
    }

    async fn apply(&self, apply: &Apply) -> Result<Accepted, DeployError> {
        let wanted = self.running(&apply.workload).await?;
        if wanted.and_then(|wanted| wanted.mark) != Some(apply.id) {
            let written = self.files(&apply.workload)?.write(apply).await;
            written.map_err(|error| self.about(&apply.workload, error))?;
        }
        Ok(Accepted {
            handle: RolloutHandle(apply.id.to_string()),
            allows: None,
        })
    }

    async fn follow(&self, rollout: &Rollout) -> Result<Progress, DeployError> {
        let until = Instant::now() + self.wait;
        loop {
            if let Some(decided) = self.look(rollout).await? {
                return Ok(decided);
            }
            if Instant::now() >= until {
                return Ok(Progress::Rolling {
                    detail: "no result is written yet".to_owned(),
                });
            }
            sleep(BETWEEN_LOOKS).await;
        }
    }
}

#[async_trait]
impl DeployerPlugin for FileDeployer {
    const KIND: &'static str = "file";

    type Settings = Settings;

    async fn build(settings: Settings, _: &DeployerContext) -> Result<Self, BuildError> {
        Self::new(settings)
    }
}
