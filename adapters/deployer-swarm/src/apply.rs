use std::time::Duration;

use registrywatcher::ports::{Accepted, Apply, Credentials, DeployError};
use registrywatcher_docker_engine::ApiError;

use crate::allowance;
use crate::engine::Engine;
use crate::handle::{Before, Handle};
use crate::obstacle;
use crate::preflight::{self, Preflight};
use crate::service::Service;
use crate::spec::Wanted;
use crate::task::Task;

/// How often an update is tried against other writers, of which Swarm itself is one while it updates.
const ATTEMPTS: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Writes one image into one service.
pub(crate) struct Application<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) credentials: &'a dyn Credentials,
    pub(crate) apply: &'a Apply,
    pub(crate) name: &'a str,
}

/// A service, and its tasks.
struct Look {
    service: Service,
    tasks: Vec<Task>,
}

/// What attempts know of those before them.
#[derive(Default)]
struct Tried {
    /// What the service was when it was decided that it is to be updated.
    over: Option<Before>,
    preflight: Option<Preflight>,
    /// Why the last one did not succeed.
    problem: String,
}

impl Application<'_> {
    /// Edits the service and writes it, until it carries our mark.
    pub(crate) async fn run(&self) -> Result<Accepted, DeployError> {
        let mut tried = Tried::default();
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(FIRST_PAUSE * 2_u32.pow(attempt - 1)).await;
            }
            let look = self.look().await?;
            if let Some(handle) = self.attempt(&look, &mut tried).await? {
                return Ok(Accepted {
                    handle: handle.write(),
                    allows: Some(allowance::of(look.service.spec(), &look.tasks)),
                });
            }
            let problem = &tried.problem;
            tracing::debug!(
                service = self.name,
                attempt,
                "it was not updated: {problem}"
            );
        }
        let problem = tried.problem;
        Err(self.unavailable(format!("given up after {ATTEMPTS} attempts: {problem}")))
    }

    /// Begins by looking for the mark, because an answer that was lost may have been a yes. `None` where it is worth another
    /// attempt.
    async fn attempt(&self, look: &Look, tried: &mut Tried) -> Result<Option<Handle>, DeployError> {
        if let Some(handle) = self.already_done(look) {
            return Ok(Some(handle));
        }
        let spec = look.service.spec();
        if let Some(problem) = obstacle::of(spec, self.apply.source.repository()) {
            return Err(DeployError::Refused {
                workload: self.apply.workload.clone(),
                problem,
            });
        }
        let before = Before::of(spec);
        if *tried.over.get_or_insert_with(|| before.clone()) != before {
            let image = spec.template().image();
            return Err(self.unavailable(format!(
                "somebody else deployed at the same moment: it now has {image}"
            )));
        }
        let mut handle = Handle::over(&look.service);
        if !self.apply.forced && self.has_image(&look.service) {
            handle.unchanged = true;
            return Ok(Some(handle));
        }
        let preflight = match &mut tried.preflight {
            Some(preflight) => preflight,
            none => none.insert(self.preflight().await),
        };
        if let Some(obstacle) = preflight.obstacle.take() {
            handle.obstacle = Some(obstacle);
            return Ok(Some(handle));
        }
        match self.write(&look.service, preflight).await {
            Ok(()) => Ok(Some(handle)),
            Err(error @ (ApiError::Conflict(_) | ApiError::Unavailable { .. })) => {
                tried.problem = error.to_string();
                Ok(None)
            }
            Err(error) => Err(error.about(&self.apply.workload)),
        }
    }

    async fn look(&self) -> Result<Look, DeployError> {
        let workload = &self.apply.workload;
        let about = |error: ApiError| error.about(workload);
        let found = self.engine.service(self.name).await.map_err(about)?;
        let Some(sight) = found else {
            return Err(DeployError::WorkloadNotFound {
                workload: workload.clone(),
                problem: format!("there is no service `{}`", self.name),
            });
        };
        let service = sight.service;
        let tasks = self.engine.tasks(service.id()).await.map_err(about)?;
        Ok(Look { service, tasks })
    }

    /// The update of this deployment, if there was one: in the service, in what it was before, or in tasks that are left of it
    /// where Swarm went back by itself.
    fn already_done(&self, look: &Look) -> Option<Handle> {
        let (service, id) = (&look.service, self.apply.id);
        let spec = service.spec();
        if spec.template().carries(id) {
            let before = service.previous().unwrap_or(spec);
            return Some(Handle::found(service, before));
        }
        let was_before = service
            .previous()
            .is_some_and(|it| it.template().carries(id));
        let was_run = look.tasks.iter().any(|task| task.template().carries(id));
        (was_before || was_run).then(|| Handle::found(service, spec))
    }

    fn has_image(&self, service: &Service) -> bool {
        let image = service.spec().template().reference();
        let digest = image.as_ref().and_then(|image| image.digest());
        digest.is_some_and(|digest| self.apply.candidate.image.has_digest(digest, None))
    }

    async fn preflight(&self) -> Preflight {
        preflight::ask(self.engine, self.credentials, self.apply).await
    }

    async fn write(&self, service: &Service, preflight: &Preflight) -> Result<(), ApiError> {
        let wanted = Wanted {
            apply: self.apply,
            platforms: preflight.platforms.as_ref(),
        };
        let spec = service.spec().with_image(&wanted);
        let auth = preflight.auth.as_deref();
        self.engine.update(service, &spec, auth).await
    }

    fn unavailable(&self, problem: String) -> DeployError {
        DeployError::Unavailable {
            workload: self.apply.workload.clone(),
            problem,
            source: None,
        }
    }
}
