use serde_json::{Value, json};

use super::{CRASHES, LIMITED, LOCKED, MISSING, NEVER_READY, UNPLACEABLE, UNREADABLE};

/// A pod of a controller.
#[derive(Debug, Clone)]
pub(crate) struct Pod {
    pub(super) name: String,
    /// Which template it is of.
    pub(super) revision: String,
    template: Value,
    pub(super) is_settled: bool,
    pub(super) is_ending: bool,
    number: usize,
}

impl Pod {
    pub(super) fn new(name: String, revision: String, template: &Value, number: usize) -> Self {
        Self {
            name,
            revision,
            template: template.clone(),
            is_settled: false,
            is_ending: false,
            number,
        }
    }

    pub(super) fn uid(&self) -> String {
        format!("uid {} of {}", self.number, self.name)
    }

    pub(super) fn image(&self) -> &str {
        self.template["spec"]["containers"][0]["image"]
            .as_str()
            .unwrap_or_default()
    }

    pub(super) fn is_ready(&self) -> bool {
        self.is_settled && !self.is_ending && fate(self.image()).is_none()
    }

    pub(super) fn raw(&self, owner: &Value, created: Option<&str>) -> Value {
        let mut labels = self.template["metadata"]["labels"].clone();
        labels["controller-revision-hash"] = self.revision.clone().into();
        let mut metadata = json!({
            "name": self.name, "uid": self.uid(), "labels": labels,
            "annotations": self.template["metadata"]["annotations"],
            "creationTimestamp": created.unwrap_or("2026-12-31T00:00:00Z"),
            "ownerReferences": [{ "uid": owner["metadata"]["uid"], "controller": true }],
        });
        if self.is_ending {
            metadata["deletionTimestamp"] = "2027-01-15T08:00:00Z".into();
        }
        json!({ "metadata": metadata, "status": self.status() })
    }

    fn status(&self) -> Value {
        let fate = fate(self.image()).filter(|_| self.is_settled);
        let waiting = |reason: &str, message: &str| json!({ "waiting": { "reason": reason, "message": message } });
        let running = json!({ "running": { "startedAt": "2026-12-31T00:00:01Z" } });
        let state = match fate {
            _ if !self.is_settled => waiting("ContainerCreating", ""),
            None | Some(NEVER_READY) => running,
            Some(CRASHES) => waiting(
                "CrashLoopBackOff",
                "back-off 10s restarting failed container",
            ),
            Some(MISSING) => waiting(
                "ErrImagePull",
                "rpc error: code = NotFound desc = failed to pull and unpack image: not found",
            ),
            Some(LIMITED) => waiting(
                "ImagePullBackOff",
                "Back-off: ErrImagePull: toomanyrequests",
            ),
            Some(LOCKED) => waiting(
                "ErrImagePull",
                "failed to pull and unpack image: failed to authorize: 401 Unauthorized",
            ),
            Some(UNREADABLE) => waiting("InvalidImageName", "couldn't parse image name"),
            Some(_) => {
                return json!({ "phase": "Pending", "conditions": [{
                    "type": "PodScheduled", "status": "False", "reason": "Unschedulable",
                    "message": "0/3 nodes are available: 3 Insufficient memory.",
                }] });
            }
        };
        let is_ready = self.is_ready();
        let mut container =
            json!({ "name": "app", "ready": is_ready, "restartCount": 0, "state": state });
        if fate == Some(CRASHES) {
            container["restartCount"] = 4.into();
            container["lastState"] = json!({ "terminated": { "exitCode": 1, "reason": "Error" } });
        }
        let ready = if is_ready { "True" } else { "False" };
        json!({
            "phase": "Running", "conditions": [{ "type": "Ready", "status": ready }],
            "containerStatuses": [container],
        })
    }
}

/// What becomes of an image, if it does not become ready.
pub(super) fn fate(image: &str) -> Option<u8> {
    let fates = [
        CRASHES,
        NEVER_READY,
        MISSING,
        LIMITED,
        LOCKED,
        UNREADABLE,
        UNPLACEABLE,
    ];
    number(image).filter(|number| fates.contains(number))
}

/// The number of the digest of an image.
pub(super) fn number(image: &str) -> Option<u8> {
    let (_, digest) = image.rsplit_once("@sha256:")?;
    u8::from_str_radix(digest.get(..2)?, 16).ok()
}
