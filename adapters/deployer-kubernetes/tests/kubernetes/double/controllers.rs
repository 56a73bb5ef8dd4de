//! What the controllers do, one step at a time.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Value, json};

use super::pods::{Pod, number};
use super::{OVER_QUOTA, State, status};

/// How many nodes there are for daemons.
const NODES: u64 = 3;

/// What a controller works on.
struct Work<'a> {
    object: &'a mut Value,
    pods: &'a mut Vec<Pod>,
    kept: &'a mut Vec<Value>,
    made: &'a mut u64,
}

impl State {
    /// One step of the controller of an object.
    pub(super) fn tick(&mut self, path: &str) {
        let Some(object) = self.objects.get_mut(path) else {
            return;
        };
        if self.faults.controllers_rest || path.contains("/cronjobs/") {
            return;
        }
        let before = object["status"].clone();
        let mut work = Work {
            object,
            pods: self.pods.entry(path.to_owned()).or_default(),
            kept: self.history.entry(path.to_owned()).or_default(),
            made: &mut self.version,
        };
        // The first step after a change only takes note of it; what comes of it shows later.
        if work.observe() {
            return;
        }
        work.settle();
        if path.contains("/deployments/") {
            work.deployment();
        } else if path.contains("/statefulsets/") {
            work.stateful_set();
        } else {
            work.daemon_set();
        }
        if work.object["status"] != before {
            *work.made += 1;
            work.object["metadata"]["resourceVersion"] = work.made.to_string().into();
        }
    }
}

impl Work<'_> {
    fn observe(&mut self) -> bool {
        let generation = self.object["metadata"]["generation"].clone();
        if self.object["status"]["observedGeneration"] == generation {
            return false;
        }
        self.object["status"]["observedGeneration"] = generation;
        self.object["status"]["conditions"] = json!([{
            "type": "Progressing", "status": "True", "reason": "NewReplicaSetCreated",
        }]);
        let template = self.object["spec"]["template"].clone();
        let revision = self.revision();
        if !self
            .kept
            .iter()
            .any(|kept| kept["metadata"]["name"] == revision.as_str())
        {
            let owner = json!([{ "uid": self.object["metadata"]["uid"], "controller": true }]);
            self.kept.push(json!({
                "metadata": { "name": revision, "ownerReferences": owner },
                "spec": { "template": template },
                "data": { "spec": { "template": template } },
            }));
        }
        self.object["status"]["updateRevision"] = revision.into();
        let pods = self.pods.clone();
        status::write(self.object, &pods, &self.revision(), NODES);
        true
    }

    fn revision(&self) -> String {
        let mut hasher = DefaultHasher::new();
        self.object["spec"]["template"]
            .to_string()
            .hash(&mut hasher);
        let name = self.object["metadata"]["name"].as_str().unwrap_or_default();
        format!("{name}-{:x}", hasher.finish())
    }

    /// What nodes do: pods that are ending end, and pods that were made start.
    fn settle(&mut self) {
        self.pods.retain(|pod| !pod.is_ending);
        for pod in &mut *self.pods {
            pod.is_settled = true;
        }
    }

    fn replicas(&self) -> u64 {
        self.object["spec"]["replicas"].as_u64().unwrap_or(1)
    }

    fn make(&mut self, name: String, revision: String, template: &Value) {
        *self.made += 1;
        let number = usize::try_from(*self.made).unwrap_or_default();
        self.pods.push(Pod::new(name, revision, template, number));
    }

    fn deployment(&mut self) {
        let revision = self.revision();
        if self.object["spec"]["paused"] != true {
            self.roll_deployment(&revision);
        }
        let pods = self.pods.clone();
        status::write(self.object, &pods, &revision, NODES);
    }

    fn roll_deployment(&mut self, revision: &str) {
        let template = self.object["spec"]["template"].clone();
        let image = template["spec"]["containers"][0]["image"]
            .as_str()
            .unwrap_or_default();
        if number(image) == Some(OVER_QUOTA) {
            self.object["status"]["conditions"] = json!([{
                "type": "ReplicaFailure", "status": "True", "reason": "FailedCreate",
                "message": "pods \"web-x\" is forbidden: exceeded quota: small",
            }]);
            return;
        }
        let new = self.pods.iter().filter(|pod| pod.revision == revision);
        let (made, ready) = (
            new.clone().count() as u64,
            new.filter(|pod| pod.is_ready()).count() as u64,
        );
        if made < self.replicas() {
            let name = format!("{revision}-{made}");
            self.make(name, revision.to_owned(), &template);
        } else if ready == self.replicas() {
            for pod in self.pods.iter_mut().filter(|pod| pod.revision != revision) {
                pod.is_ending = true;
            }
        }
    }

    /// Nothing is made or replaced while a pod is not ready (`OrderedReady`), not even that pod.
    fn stateful_set(&mut self) {
        let update = self.revision();
        let current = self.object["status"]["currentRevision"]
            .as_str()
            .unwrap_or(&update)
            .to_owned();
        let strategy = self.object["spec"]["updateStrategy"].clone();
        let partition = strategy["rollingUpdate"]["partition"].as_u64().unwrap_or(0);
        let name = self.object["metadata"]["name"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let missing = (0..self.replicas()).find(|ordinal| {
            !self
                .pods
                .iter()
                .any(|pod| pod.name == format!("{name}-{ordinal}"))
        });
        if let Some(ordinal) = missing {
            let revision = if ordinal >= partition {
                &update
            } else {
                &current
            };
            let template = self.template_of(revision);
            self.make(format!("{name}-{ordinal}"), revision.clone(), &template);
        } else if self.pods.iter().all(Pod::is_ready) && strategy["type"] != "OnDelete" {
            let old = (partition..self.replicas()).rev().find_map(|ordinal| {
                let is_it = |pod: &Pod| pod.name == format!("{name}-{ordinal}");
                self.pods
                    .iter()
                    .position(|pod| is_it(pod) && pod.revision != update)
            });
            match old {
                Some(index) => drop(self.pods.remove(index)),
                None if partition == 0 => {
                    self.object["status"]["currentRevision"] = update.clone().into();
                }
                None => {}
            }
        }
        let pods = self.pods.clone();
        status::write(self.object, &pods, &update, NODES);
    }

    fn template_of(&self, revision: &str) -> Value {
        let kept = self
            .kept
            .iter()
            .find(|kept| kept["metadata"]["name"] == revision);
        kept.map_or(Value::Null, |kept| kept["spec"]["template"].clone())
    }

    fn daemon_set(&mut self) {
        let revision = self.revision();
        let template = self.object["spec"]["template"].clone();
        if (self.pods.len() as u64) < NODES {
            *self.made += 1;
            let name = format!("{revision}-{}", self.made);
            self.make(name, revision.clone(), &template);
        } else if self.pods.iter().all(Pod::is_ready)
            && self.object["spec"]["updateStrategy"]["type"] != "OnDelete"
            && let Some(old) = self.pods.iter().position(|pod| pod.revision != revision)
        {
            self.pods.remove(old);
        }
        let pods = self.pods.clone();
        status::write(self.object, &pods, &revision, NODES);
    }
}
