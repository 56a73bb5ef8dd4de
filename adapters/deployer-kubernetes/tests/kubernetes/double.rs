//! An API server and the controllers behind it, with the quirks that a client must live with: a status that lags behind the
//! specification by a read or more, counters that are left out when they are zero, conflicts, and pods that tell in their
//! own words why they do not start.

mod api;
mod controllers;
mod lists;
mod merge;
mod pods;
mod server;
mod status;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use pods::Pod;
use server::Server;

/// How an image fares, by the last two digits of its digest.
pub(crate) const CRASHES: u8 = 3;
pub(crate) const NEVER_READY: u8 = 4;
pub(crate) const MISSING: u8 = 5;
pub(crate) const LIMITED: u8 = 6;
pub(crate) const UNREADABLE: u8 = 7;
pub(crate) const UNPLACEABLE: u8 = 8;
pub(crate) const OVER_QUOTA: u8 = 9;
pub(crate) const LOCKED: u8 = 10;

/// A simulated cluster.
#[derive(Clone)]
pub(crate) struct Kubernetes {
    state: Arc<Mutex<State>>,
    server: Arc<Server>,
}

#[derive(Default)]
pub(crate) struct State {
    /// By path.
    objects: BTreeMap<String, Value>,
    /// Replica sets and controller revisions.
    history: BTreeMap<String, Vec<Value>>,
    /// By the path of the object that they belong to.
    pods: BTreeMap<String, Vec<Pod>>,
    version: u64,
    pub(crate) rollouts: usize,
    pub(crate) faults: Faults,
    pub(crate) seen: Vec<Seen>,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) uri: String,
    pub(crate) content_type: String,
    pub(crate) body: Value,
}

type Edit = Box<dyn FnOnce(&mut Value) + Send>;

/// What goes wrong.
#[derive(Default)]
pub(crate) struct Faults {
    /// What the next requests of a method are answered instead: method, status, reason, `Retry-After`.
    pub(crate) answers: VecDeque<(&'static str, u16, &'static str, Option<&'static str>)>,
    /// Done to the object just before the next patch.
    pub(crate) before_patch: Option<Edit>,
    /// How many patches are done whose answers get lost.
    pub(crate) lost_answers: usize,
    /// Collections that may not be listed, and `delete` for pods.
    pub(crate) forbidden: BTreeSet<&'static str>,
    /// The one namespace in which the credentials have any rights to list.
    pub(crate) confined_to: Option<&'static str>,
    /// The server's own bound on a page, below that of the client.
    pub(crate) most_listed: Option<usize>,
    /// How many pages after a first one are asked for too late.
    pub(crate) expired_pages: usize,
    /// Something in front of the server drops what says where a list goes on.
    pub(crate) drops_continue: bool,
    /// Controllers do nothing.
    pub(crate) controllers_rest: bool,
    /// The token that is believed; any, if there is none.
    pub(crate) token: Option<String>,
    /// When pods are made; long ago, if nothing is said.
    pub(crate) created: Option<&'static str>,
}

impl Kubernetes {
    pub(crate) async fn start() -> Self {
        let state = Arc::default();
        let server = Server::start(Arc::clone(&state)).await;
        Self {
            state,
            server: Arc::new(server),
        }
    }

    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    pub(crate) async fn stop(&self) {
        self.server.stop().await;
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn fault(&self, set: impl FnOnce(&mut Faults)) {
        set(&mut self.state().faults);
    }

    /// Makes an object with one container `app`, which runs and has done so for long.
    pub(crate) fn create(&self, path: &str, image: &str, change: impl FnOnce(&mut Value)) {
        let name = path.rsplit('/').next().expect("a path has a name");
        let mut object = template_of(path, name, image);
        change(&mut object);
        let state = &mut *self.state();
        state.version += 1;
        object["metadata"]["resourceVersion"] = state.version.to_string().into();
        state.objects.insert(path.to_owned(), object);
        for _ in 0..20 {
            state.tick(path);
        }
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.state().objects.contains_key(path)
    }

    pub(crate) fn object(&self, path: &str) -> Value {
        self.state().objects[path].clone()
    }

    /// What somebody else does to an object.
    pub(crate) fn edit(&self, path: &str, change: impl FnOnce(&mut Value)) {
        self.state().edit(path, change);
    }

    pub(crate) fn delete(&self, path: &str) {
        let mut state = self.state();
        state.objects.remove(path);
        state.pods.remove(path);
    }

    /// The image of a container.
    pub(crate) fn image(&self, path: &str) -> String {
        let object = self.object(path);
        let template = if path.contains("/cronjobs/") {
            &object["spec"]["jobTemplate"]["spec"]["template"]
        } else {
            &object["spec"]["template"]
        };
        template["spec"]["containers"][0]["image"]
            .as_str()
            .expect("a container has an image")
            .to_owned()
    }

    /// The images that the pods of an object run.
    pub(crate) fn pod_images(&self, path: &str) -> Vec<String> {
        let state = self.state();
        let pods = state.pods.get(path).into_iter().flatten();
        pods.map(|pod| pod.image().to_owned()).collect()
    }

    /// Somebody deletes the pods of an object.
    pub(crate) fn lose_pods(&self, path: &str) {
        self.state().pods.remove(path);
    }

    /// The requests of a method that came so far.
    pub(crate) fn seen(&self, method: &str) -> Vec<Seen> {
        let state = self.state();
        let seen = state.seen.iter().filter(|seen| seen.method == method);
        seen.cloned().collect()
    }
}

fn template_of(path: &str, name: &str, image: &str) -> Value {
    let template = json!({
        "metadata": { "labels": { "app": name } },
        "spec": {
            "containers": [{ "name": "app", "image": image, "env": [{ "name": "A", "value": "1" }] }],
            "terminationGracePeriodSeconds": 30,
        },
    });
    let (_, inside) = path
        .split_once("/namespaces/")
        .expect("a path has a namespace");
    let namespace = inside.split('/').next().unwrap_or_default();
    let metadata = json!({
        "name": name, "namespace": namespace, "uid": format!("uid of {name}"), "generation": 1,
    });
    let selector = json!({ "matchLabels": { "app": name } });
    let spec = if path.contains("/cronjobs/") {
        json!({ "schedule": "@daily", "jobTemplate": { "spec": { "template": template } } })
    } else if path.contains("/statefulsets/") {
        json!({
            "replicas": 3, "selector": selector, "template": template, "podManagementPolicy": "OrderedReady",
            "updateStrategy": { "type": "RollingUpdate", "rollingUpdate": { "partition": 0 } },
        })
    } else if path.contains("/daemonsets/") {
        json!({ "selector": selector, "template": template, "updateStrategy": { "type": "RollingUpdate" } })
    } else {
        json!({
            "replicas": 2, "selector": selector, "template": template, "progressDeadlineSeconds": 600,
        })
    };
    json!({ "metadata": metadata, "spec": spec, "status": {} })
}
