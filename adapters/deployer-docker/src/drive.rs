mod prepare;
mod take_over;
mod trial;

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use registrywatcher::deployment::Failure;
use registrywatcher::ports::{Apply, Credentials, Progress};
use registrywatcher_docker_engine::ApiError;

use crate::engine::Engine;
use crate::handle::Handle;
use crate::mark::Role;
use crate::runs::{Line, News};
use crate::scene::Made;
use crate::undo::Undo;
use crate::verdict::{Trial, end_of};

/// Brings one container to its new image, from wherever that was left.
pub(crate) struct Drive {
    pub(crate) engine: Arc<Engine>,
    pub(crate) credentials: Arc<dyn Credentials>,
    pub(crate) trial: Trial,
    pub(crate) apply: Apply,
    pub(crate) name: String,
    pub(crate) handle: Handle,
    pub(crate) line: Line,
    /// Why it failed, in better words than can be read from Docker afterwards.
    pub(crate) failure: Mutex<Option<Failure>>,
}

/// Whether there is more to do.
type Step = Result<ControlFlow<Progress>, Halt>;

/// Why a drive does not go on.
#[derive(Debug)]
enum Halt {
    /// Docker does not answer as it should.
    Engine(ApiError),
    /// It was told to.
    Stopped,
}

impl From<ApiError> for Halt {
    fn from(error: ApiError) -> Self {
        Self::Engine(error)
    }
}

impl Drive {
    /// Goes on until it is decided, or cannot go on.
    pub(crate) async fn run(self) -> News {
        loop {
            match self.step().await {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(progress)) => return News::Ended(progress),
                Err(Halt::Engine(error)) => return News::Lost(error.to_string()),
                Err(Halt::Stopped) => return News::Lost("it was let go".to_owned()),
            }
        }
    }

    /// Looks where the deployment stands, and does what comes next.
    async fn step(&self) -> Step {
        let Some(made) = Made::by(&self.engine, &self.name, self.apply.id).await? else {
            return self.prepare().await;
        };
        match made.role {
            Some(Role::New) => self.take_over(&made).await,
            Some(Role::Holder) => self.try_out(&made).await,
            Some(role @ (Role::Failed | Role::Undone)) => self.end_in_failure(&made, role).await,
            Some(Role::Old) | None => Ok(ControlFlow::Break(Progress::Superseded)),
        }
    }

    async fn end_in_failure(&self, made: &Made, role: Role) -> Step {
        self.line.say("what ran before is brought back");
        let brought_back = self.undo().bring_back(made).await?;
        let mut reason = self.take_failure().unwrap_or_else(|| {
            let message = end_of(&made.container);
            match role {
                Role::Failed => Failure::Image { message },
                _ => Failure::Orchestrator { message },
            }
        });
        if let Err(problem) = &brought_back {
            let (Failure::Image { message }
            | Failure::Orchestrator { message }
            | Failure::Workload { message }) = &mut reason;
            message.push_str("; ");
            message.push_str(problem);
        }
        Ok(failed(reason, brought_back.is_ok()))
    }

    /// Decides that what was made does not stay.
    async fn fail(&self, made: &Made, reason: Failure) -> Step {
        let role = if reason.blames_image() {
            Role::Failed
        } else {
            Role::Undone
        };
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason);
        self.undo().decide(made, role).await?;
        Ok(ControlFlow::Continue(()))
    }

    fn take_failure(&self) -> Option<Failure> {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.take()
    }

    fn undo(&self) -> Undo<'_> {
        Undo {
            engine: &self.engine,
            name: &self.name,
        }
    }
}

fn failed(reason: Failure, restored: bool) -> ControlFlow<Progress> {
    ControlFlow::Break(Progress::Failed { reason, restored })
}

/// Nothing was changed, so that what ran before still does.
fn failed_before_any_change(reason: Failure) -> ControlFlow<Progress> {
    failed(reason, true)
}
