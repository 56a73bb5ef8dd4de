use std::time::Duration;

use registrywatcher::image::ImageReference;
use registrywatcher::ports::{Apply, DeployError};

use crate::address::Address;
use crate::client::{Client, FIRST_PAUSE};
use crate::error::ApiError;
use crate::handle::Handle;
use crate::history;
use crate::kind::Kind;
use crate::mark::Mark;
use crate::object::{Container, Object, Obstacle};
use crate::owner::Owner;
use crate::patch::patch;
use crate::settings::Managed;

/// How often a patch is tried against other writers, of whom the object's own controller is one, and a server that is not
/// well.
const ATTEMPTS: u32 = 6;
/// The longest that the API server is left alone at its wish between two of them.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Brings one container to one image.
pub(crate) struct Application<'a> {
    pub(crate) client: &'a Client,
    pub(crate) address: &'a Address,
    pub(crate) apply: &'a Apply,
    pub(crate) managed: Managed,
}

impl Application<'_> {
    /// Patches `object` until it carries our mark. Each attempt begins by looking for the mark, because an answer that was
    /// lost may have been a yes.
    pub(crate) async fn run(&self, mut object: Object) -> Result<Handle, DeployError> {
        let mut decided_on = None;
        let mut pause = FIRST_PAUSE;
        let mut problem = String::new();
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(pause).await;
                let read = self.client.object(self.address).await;
                object = read.map_err(|error| error.about(&self.apply.workload))?;
            }
            let container = self.container(&object)?;
            let is_done = self.is_marked(&object, container)
                || (attempt == 0 && self.is_past(&object, container).await?);
            if is_done {
                return Ok(Handle::of(&object, container));
            }
            self.refuse(&object)?;
            let image = self.image(container)?;
            if *decided_on.get_or_insert_with(|| container.image.to_owned()) != container.image {
                return Err(self.unavailable(format!(
                    "somebody else deployed at the same moment: it now has {}",
                    container.image
                )));
            }
            if !self.apply.forced && self.runs_already(&object, container) {
                return Ok(Handle {
                    unchanged: true,
                    ..Handle::of(&object, container)
                });
            }
            let patch = patch(&object, container, &image, self.apply);
            match self.client.patch(self.address, &patch).await {
                Ok(patched) => {
                    return Ok(Handle {
                        generation: patched.generation(),
                        before: Some(container.image.to_owned()),
                        ..Handle::of(&object, container)
                    });
                }
                Err(ApiError::Conflict(said)) => problem = said,
                Err(error) => {
                    let Some(wait) = error.retry_after(FIRST_PAUSE * 2_u32.pow(attempt)) else {
                        return Err(error.about(&self.apply.workload));
                    };
                    pause = wait.min(LONGEST_PAUSE);
                    problem = error.to_string();
                }
            }
            tracing::debug!(
                object = object.name(),
                attempt,
                "it was not patched: {problem}"
            );
        }
        Err(self.unavailable(format!("given up after {ATTEMPTS} attempts: {problem}")))
    }

    fn container<'o>(&self, object: &'o Object) -> Result<Container<'o>, DeployError> {
        object
            .container(self.address.container.as_deref())
            .map_err(|obstacle| obstacle.about(&self.apply.workload))
    }

    /// Whether the object carries the mark of this deployment.
    fn is_marked(&self, object: &Object, container: Container<'_>) -> bool {
        let id = Some(self.apply.id);
        object.mark(container.name).deployment() == id
            || Mark::of(object.metadata(), container.name).applied() == id
    }

    /// Whether this deployment was rolled out once, and somebody set the object back with all that it says of us.
    async fn is_past(
        &self,
        object: &Object,
        container: Container<'_>,
    ) -> Result<bool, DeployError> {
        let (name, id) = (container.name, self.apply.id);
        history::carries(self.client, self.address, object, name, id)
            .await
            .map_err(|error| error.about(&self.apply.workload))
    }

    /// Refuses an object that must not be edited by us, or that would not roll out.
    fn refuse(&self, object: &Object) -> Result<(), DeployError> {
        let problem = match Owner::of(object) {
            _ if object.is_being_deleted() => "it is being deleted".to_owned(),
            _ if object.is_paused() => {
                "it is paused, and would not roll out; `kubectl rollout resume` it first".to_owned()
            }
            _ if holds_back_all(object) => format!(
                "its `partition` {} holds all its pods back; lower it first",
                object.partition()
            ),
            Some(Owner::Controller(owner)) => format!(
                "it belongs to {owner}, whose controller would set it back; change the image there"
            ),
            Some(Owner::Tool(tool)) if self.managed == Managed::Refuse => format!(
                "it belongs to {tool}, which may set it back; change the image there, or set `managed` to `warn`"
            ),
            Some(Owner::Tool(tool)) => {
                tracing::warn!(
                    workload = %self.apply.workload,
                    "{tool} keeps this object and may set its image back"
                );
                return Ok(());
            }
            None => return Ok(()),
        };
        Err(DeployError::Refused {
            workload: self.apply.workload.clone(),
            problem,
        })
    }

    /// The image to write: in the spelling that is there, if it is of the same repository. Another repository is taken for
    /// a mistake unless the address names the container.
    fn image(&self, container: Container<'_>) -> Result<ImageReference, DeployError> {
        let wanted = self.apply.pinned();
        let Ok(Some(written)) = container.reference() else {
            return Ok(wanted);
        };
        if written.repository() == wanted.repository() {
            return Ok(written.at_digest(self.apply.candidate.image.digest.clone()));
        }
        if self.address.container.is_some() {
            return Ok(wanted);
        }
        Err(DeployError::Refused {
            workload: self.apply.workload.clone(),
            problem: format!(
                "container `{}` runs `{}`, which is another repository; name it as `container` to move it to `{}`",
                container.name,
                container.image,
                wanted.spelling()
            ),
        })
    }

    fn runs_already(&self, object: &Object, container: Container<'_>) -> bool {
        let running = object.running(container).ok().flatten();
        running
            .and_then(|running| running.image.digest().cloned())
            .is_some_and(|digest| self.apply.candidate.image.has_digest(&digest, None))
    }

    fn unavailable(&self, problem: String) -> DeployError {
        DeployError::Unavailable {
            workload: self.apply.workload.clone(),
            problem,
            source: None,
        }
    }
}

fn holds_back_all(object: &Object) -> bool {
    object.kind == Kind::StatefulSet
        && object.partition() > 0
        && object.partition() >= object.replicas()
}

impl Obstacle {
    /// What it means for `workload`.
    pub(crate) fn about(self, workload: &registrywatcher::watch::Workload) -> DeployError {
        let workload = workload.clone();
        match self {
            Self::Missing(problem) => DeployError::WorkloadNotFound { workload, problem },
            Self::Ambiguous(problem) => DeployError::InvalidAddress { workload, problem },
            Self::Unreadable(problem) => DeployError::Refused { workload, problem },
        }
    }
}
