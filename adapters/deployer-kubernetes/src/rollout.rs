//! What became of a rollout: pure judgement of what Kubernetes says, by the rules of `kubectl rollout status`.

mod daemon_set;
mod deployment;
mod past;
mod stateful_set;

#[cfg(test)]
mod tests;

use std::time::Duration;

use chrono::{DateTime, Utc};
use registrywatcher::deployment::{DeploymentId, Failure};
use registrywatcher::image::{Digest, Image};
use registrywatcher::ports::Progress;

use crate::handle::Handle;
use crate::kind::Kind;
use crate::object::{Container, Object};
use crate::pod::{Pod, Trouble};

pub(crate) use stateful_set::stuck;

/// What Kubernetes says at one moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    /// The object as it stands; `None` when it was deleted.
    pub(crate) object: Option<Object>,
    /// Its pods, or none where we may not look at them.
    pub(crate) pods: Vec<Pod>,
    pub(crate) now: DateTime<Utc>,
}

/// What a rollout should bring about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected<'a> {
    pub(crate) id: DeploymentId,
    pub(crate) image: &'a Image,
    /// The digest that ran before, if it is known.
    pub(crate) previous: Option<&'a Digest>,
    pub(crate) handle: &'a Handle,
    /// How old a pod must be until its trouble fails the rollout.
    pub(crate) grace: Duration,
}

/// How far the controller is.
enum Step {
    Done,
    /// It waits for something that its pods may keep from happening.
    Waits(String),
    /// It gave up.
    Expired(String),
}

/// Judges a rollout by the facts, and by nothing that was seen before.
pub(crate) fn judge(facts: &Facts, expected: &Expected<'_>) -> Progress {
    let Some(object) = &facts.object else {
        return failed(workload_fault("the object was deleted"));
    };
    let container = match past::judge(object, expected) {
        Ok(container) => container,
        Err(progress) => return progress,
    };
    if object.is_being_deleted() {
        return failed(workload_fault("the object is being deleted"));
    }
    if object.kind == Kind::CronJob {
        // Its next run has the image; there is nothing to wait for.
        return Progress::Succeeded;
    }
    if !object.is_observed() {
        return rolling("its controller has not seen the change yet");
    }
    if object.is_paused() {
        return rolling("it is paused; `kubectl rollout resume` it");
    }
    let step = match object.kind {
        Kind::StatefulSet => stateful_set::step(object),
        Kind::DaemonSet => daemon_set::step(object),
        Kind::Deployment | Kind::CronJob => deployment::step(object),
    };
    let pods = facts.pods_of(object, container);
    match step {
        Step::Done => Progress::Succeeded,
        Step::Expired(what) => failed(
            worst(&pods, |pod| pod.unreadiness(container.name)).map_or_else(
                || Failure::Orchestrator {
                    message: what.clone(),
                },
                |trouble| trouble.failure(&what),
            ),
        ),
        Step::Waits(detail) => {
            let old = |pod: &Pod| pod.is_older_than(expected.grace, facts.now);
            let pods: Vec<_> = pods.into_iter().filter(|pod| old(pod)).collect();
            match worst(&pods, |pod| pod.trouble(container.name)) {
                Some(trouble) => failed(trouble.failure("a new pod does not start")),
                None => rolling(&detail),
            }
        }
    }
}

impl Facts {
    /// The pods that `object` has made of its template as it stands now.
    fn pods_of(&self, object: &Object, container: Container<'_>) -> Vec<&Pod> {
        let mark = object.mark(container.name).deployment();
        self.pods
            .iter()
            .filter(|pod| !pod.is_ending() && pod.deployment(container.name) == mark)
            .collect()
    }
}

/// The trouble that says most: an image that fails where it starts outweighs a pull that failed elsewhere.
fn worst(pods: &[&Pod], trouble: impl Fn(&Pod) -> Option<Trouble>) -> Option<Trouble> {
    let troubles: Vec<_> = pods.iter().filter_map(|pod| trouble(pod)).collect();
    let by_image = troubles.iter().find(|it| it.failure("").blames_image());
    by_image.or(troubles.first()).cloned()
}

fn rolling(detail: &str) -> Progress {
    Progress::Rolling {
        detail: detail.to_owned(),
    }
}

fn failed(reason: Failure) -> Progress {
    Progress::Failed {
        reason,
        restored: false,
    }
}

fn workload_fault(message: &str) -> Failure {
    Failure::Workload {
        message: message.to_owned(),
    }
}
