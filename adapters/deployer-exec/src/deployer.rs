use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use registrywatcher::deployment::{DeploymentId, RolloutHandle, Running};
use registrywatcher::ports::{
    Accepted, Apply, BuildError, Capabilities, DeployError, Deployer, DeployerContext,
    DeployerPlugin, Environment, Progress, Rollout,
};
use registrywatcher::watch::{Unit, Workload};

use crate::address;
use crate::input::Input;
use crate::program::Program;
use crate::runs::{News, Runs};
use crate::settings::Settings;

/// Deploys by running a command; see the [crate's page](crate).
#[derive(Debug)]
pub struct ExecDeployer {
    program: Arc<Program>,
    runs: Mutex<Runs>,
    follow_wait: Duration,
}

impl ExecDeployer {
    /// A deployer that runs the command of `settings`, with what is passed through from the `ours` environment.
    pub fn new(settings: Settings, ours: &Environment) -> Result<Self, BuildError> {
        Ok(Self {
            program: Arc::new(Program::new(settings, ours)?),
            runs: Mutex::default(),
            follow_wait: Duration::from_secs(30),
        })
    }

    /// Lets `follow` wait this long for a command to end, instead of 30 s.
    #[must_use]
    pub fn with_follow_wait(self, follow_wait: Duration) -> Self {
        Self {
            follow_wait,
            ..self
        }
    }

    /// The run of `apply`, started now if this process does not know it.
    fn run(&self, apply: &Apply) -> Result<News, DeployError> {
        let unit = address::unit(&apply.workload)?;
        let input = Input::of(apply)?;
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(news) = runs.news(apply.id) {
            return Ok(news);
        }
        tracing::debug!(
            deployment.id = %apply.id,
            workload = %apply.workload,
            program = self.program.path(),
            "starting the command"
        );
        Ok(runs.start(apply.id, unit, Arc::clone(&self.program), input))
    }
}

#[async_trait]
impl Deployer for ExecDeployer {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            reverts_itself: false,
            canaries: false,
            pins_digest: true,
            sees_running: false,
            carries_mark: false,
            discovers: false,
        }
    }

    fn unit(&self, workload: &Workload) -> Result<Unit, DeployError> {
        address::unit(workload)
    }

    async fn running(&self, workload: &Workload) -> Result<Option<Running>, DeployError> {
        address::unit(workload).map(|_| None)
    }

    async fn apply(&self, apply: &Apply) -> Result<Accepted, DeployError> {
        self.run(apply)?;
        Ok(Accepted {
            handle: RolloutHandle(apply.id.to_string()),
            allows: Some(self.program.timeout()),
        })
    }

    /// Kills the command of a deployment that was given up, or that another replica drives by now.
    async fn let_go(&self, id: DeploymentId) {
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        runs.kill(id);
    }

    /// Waits for the command; runs it again, with the same id, if it was lost with the process that had started it.
    async fn follow(&self, rollout: &Rollout) -> Result<Progress, DeployError> {
        let mut news = self.run(&rollout.apply)?;
        let decided = async { news.wait_for(Option::is_some).await.ok()?.clone() };
        match tokio::time::timeout(self.follow_wait, decided).await {
            Ok(Some(progress)) => Ok(progress),
            Ok(None) => Err(DeployError::Unavailable {
                workload: rollout.apply.workload.clone(),
                problem: format!("the run of `{}` was given up", self.program.path()),
                source: None,
            }),
            Err(_) => Ok(Progress::Rolling {
                detail: format!("`{}` runs", self.program.path()),
            }),
        }
    }
}

#[async_trait]
impl DeployerPlugin for ExecDeployer {
    const KIND: &'static str = "exec";

    type Settings = Settings;

    async fn build(settings: Settings, context: &DeployerContext) -> Result<Self, BuildError> {
        Self::new(settings, &context.environment)
    }
}
