//! What pods tell of a rollout that does not come about.

mod blame;

use std::time::Duration;

use chrono::{DateTime, Utc};
use registrywatcher::deployment::{DeploymentId, Failure};
use serde_json::Value;

use crate::mark::Mark;
use crate::object::{list, text};
use blame::Fault;

/// A pod, read as raw JSON.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pod(Value);

/// What keeps a pod from becoming ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    fault: Fault,
    words: String,
}

impl Trouble {
    /// As the reason why a rollout failed.
    pub(crate) fn failure(&self, what: &str) -> Failure {
        let message = format!("{what}: {}", self.words);
        match self.fault {
            Fault::Image => Failure::Image { message },
            Fault::Orchestrator => Failure::Orchestrator { message },
            Fault::Workload => Failure::Workload { message },
        }
    }
}

impl Pod {
    pub(crate) fn new(raw: Value) -> Self {
        Self(raw)
    }

    #[cfg(test)]
    pub(crate) fn raw(&self) -> &Value {
        &self.0
    }

    pub(crate) fn name(&self) -> &str {
        text(&self.0["metadata"]["name"])
    }

    pub(crate) fn uid(&self) -> &str {
        text(&self.0["metadata"]["uid"])
    }

    /// Which deployment of ours made it, by the mark that it has of its template.
    pub(crate) fn deployment(&self, container: &str) -> Option<DeploymentId> {
        Mark::of(&self.0["metadata"], container).deployment()
    }

    /// The revision of the stateful set that it is of.
    pub(crate) fn revision(&self) -> &str {
        text(&self.0["metadata"]["labels"]["controller-revision-hash"])
    }

    /// Its number in a stateful set.
    pub(crate) fn ordinal(&self) -> Option<u64> {
        self.name().rsplit_once('-')?.1.parse().ok()
    }

    pub(crate) fn belongs_to(&self, uid: &str) -> bool {
        list(&self.0["metadata"], "ownerReferences").any(|owner| owner["uid"] == uid)
    }

    pub(crate) fn is_ending(&self) -> bool {
        !self.0["metadata"]["deletionTimestamp"].is_null()
    }

    pub(crate) fn is_ready(&self) -> bool {
        list(&self.0["status"], "conditions")
            .any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
    }

    pub(crate) fn is_older_than(&self, age: Duration, now: DateTime<Utc>) -> bool {
        let created: Option<DateTime<Utc>> =
            text(&self.0["metadata"]["creationTimestamp"]).parse().ok();
        created.is_some_and(|created| (now - created).to_std().is_ok_and(|passed| passed >= age))
    }

    /// What Kubernetes tries again and again in vain: a pull, or a start. `ours` is the container that was deployed.
    pub(crate) fn trouble(&self, ours: &str) -> Option<Trouble> {
        self.containers().find_map(|status| {
            let name = text(&status["name"]);
            let waiting = &status["state"]["waiting"];
            let (reason, message) = (text(&waiting["reason"]), text(&waiting["message"]));
            let fault = blame::of_waiting(reason, message)?;
            let words = match text(&status["lastState"]["terminated"]["reason"]) {
                ended if reason == "CrashLoopBackOff" && !ended.is_empty() => {
                    let last = &status["lastState"]["terminated"];
                    format!("{reason}: it ended with {} ({ended})", last["exitCode"])
                }
                _ if message.is_empty() => reason.to_owned(),
                _ => format!("{reason}: {message}"),
            };
            Some(Trouble {
                // Only the container that was deployed can be at fault by its image.
                fault: if fault == Fault::Image && name != ours {
                    Fault::Workload
                } else {
                    fault
                },
                words: format!("container `{name}` of pod `{}`: {words}", self.name()),
            })
        })
    }

    /// Why it is not ready, once there is no more time: the above, or that it runs and does not become ready, or that it
    /// cannot be placed.
    pub(crate) fn unreadiness(&self, ours: &str) -> Option<Trouble> {
        if let Some(trouble) = self.trouble(ours) {
            return Some(trouble);
        }
        let unscheduled = list(&self.0["status"], "conditions").find(|condition| {
            condition["type"] == "PodScheduled" && condition["status"] == "False"
        });
        if let Some(condition) = unscheduled {
            let message = text(&condition["message"]);
            return Some(Trouble {
                fault: Fault::Orchestrator,
                words: format!("pod `{}` has no node: {message}", self.name()),
            });
        }
        self.containers()
            .find(|status| text(&status["name"]) == ours && status["ready"] == Value::Bool(false))
            .filter(|status| has_started(status))
            .map(|_| Trouble {
                fault: Fault::Image,
                words: format!(
                    "container `{ours}` of pod `{}` started and did not become ready",
                    self.name()
                ),
            })
    }

    fn containers(&self) -> impl Iterator<Item = &Value> {
        let status = &self.0["status"];
        list(status, "initContainerStatuses").chain(list(status, "containerStatuses"))
    }
}

fn has_started(status: &Value) -> bool {
    status["state"]["waiting"].is_null()
        || status["restartCount"]
            .as_u64()
            .is_some_and(|restarts| restarts > 0)
}
