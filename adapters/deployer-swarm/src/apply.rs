use std::time::Duration;

use registrywatcher::ports::{Accepted, Apply, Credentials, DeployError};

use crate::allowance;
use crate::engine::Engine;
use crate::error::ApiError;
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

impl Application<'_> {
    /// Edits the service and writes it, until it carries our mark. Each attempt begins by looking for the mark, because an
    /// answer that was lost may have been a yes.
    pub(crate) async fn run(&self) -> Result<Accepted, DeployError> {
        let mut preflight = None;
        let mut decided_on = None;
        let mut problem = String::new();
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(FIRST_PAUSE * 2_u32.pow(attempt - 1)).await;
            }
            let look = self.look().await?;
            if let Some(handle) = self.already_done(&look) {
                return Ok(accepted(&look, &handle));
            }
            let spec = look.service.spec();
            if let Some(problem) = obstacle::of(spec, self.apply.source.repository()) {
                return Err(self.refused(problem));
            }
            let before = Before::of(spec);
            if *decided_on.get_or_insert_with(|| before.clone()) != before {
                return Err(self.unavailable(format!(
                    "somebody else deployed at the same moment: it now has {}",
                    spec.template().image()
                )));
            }
            let mut handle = Handle::over(&look.service);
            if !self.apply.forced && self.has_image(&look.service) {
                handle.unchanged = true;
                return Ok(accepted(&look, &handle));
            }
            let preflight = match &mut preflight {
                Some(preflight) => preflight,
                None => preflight.insert(self.preflight().await),
            };
            if let Some(obstacle) = preflight.obstacle.take() {
                handle.obstacle = Some(obstacle);
                return Ok(accepted(&look, &handle));
            }
            match self.write(&look.service, preflight).await {
                Ok(()) => return Ok(accepted(&look, &handle)),
                Err(error @ (ApiError::Conflict(_) | ApiError::Unavailable { .. })) => {
                    tracing::debug!(service = self.name, attempt, "it was not updated: {error}");
                    problem = error.to_string();
                }
                Err(error) => return Err(error.about(&self.apply.workload)),
            }
        }
        Err(self.unavailable(format!("given up after {ATTEMPTS} attempts: {problem}")))
    }

    async fn look(&self) -> Result<Look, DeployError> {
        let workload = &self.apply.workload;
        let about = |error: ApiError| error.about(workload);
        let found = self.engine.service(self.name).await.map_err(about)?;
        let Some(sight) = found else {
            return Err(not_found(self.apply, self.name));
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

    fn refused(&self, problem: String) -> DeployError {
        DeployError::Refused {
            workload: self.apply.workload.clone(),
            problem,
        }
    }

    fn unavailable(&self, problem: String) -> DeployError {
        DeployError::Unavailable {
            workload: self.apply.workload.clone(),
            problem,
            source: None,
        }
    }
}

fn accepted(look: &Look, handle: &Handle) -> Accepted {
    Accepted {
        handle: handle.write(),
        allows: Some(allowance::of(look.service.spec(), &look.tasks)),
    }
}

fn not_found(apply: &Apply, name: &str) -> DeployError {
    DeployError::WorkloadNotFound {
        workload: apply.workload.clone(),
        problem: format!("there is no service `{name}`"),
    }
}
