use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};

use crate::http::{Reply, Request, Server};

/// A receiver that deploys nothing, remembers every deployment, and does as it is told for the next requests.
///
/// How a deployment goes depends on its tag alone: `v2` becomes healthy, `v3` fails and `v4` takes for ever.
pub(crate) struct Receiver {
    server: Server,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// What the next requests get, before the receiver does its work.
    next: VecDeque<Reply>,
    requests: Vec<Request>,
    /// How often each deployment was looked at.
    looks: BTreeMap<String, usize>,
    deployments: BTreeMap<String, Value>,
    /// What each workload runs, by its query.
    runs: BTreeMap<String, Value>,
    replacements: usize,
    /// Whether failures are rolled back, and told so.
    restores: bool,
    is_down: bool,
    /// Whether nobody is believed; who asks is told what he presented.
    refuses_all: bool,
}

/// How many looks it takes until a deployment is decided.
const LOOKS: usize = 2;

impl Receiver {
    pub(crate) async fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let server = Server::start(move |request| {
            let mut state = shared.lock().unwrap();
            state.requests.push(request.clone());
            if state.is_down {
                return Reply::Broken;
            }
            if state.refuses_all {
                let presented = request.header("x-key");
                let body = json!({ "message": format!("who is `{presented}`?") });
                return Reply::status(401, &body.to_string());
            }
            let told = state.next.pop_front();
            told.unwrap_or_else(|| state.answer(&request))
        });
        Self {
            server: server.await,
            state,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook", self.server.address)
    }

    /// Answers the next requests with `replies`, one each.
    pub(crate) fn reply_next(&self, replies: impl IntoIterator<Item = Reply>) {
        self.state().next.extend(replies);
    }

    /// Knows a workload from now on, and what it runs.
    pub(crate) fn runs(&self, query: &str, image: Option<&str>) {
        let runs = json!({ "image": image, "tag": null, "deployment": null });
        self.state().runs.insert(query.to_owned(), runs);
    }

    pub(crate) fn restores(&self) {
        self.state().restores = true;
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.state().requests.clone()
    }

    pub(crate) fn replacements(&self) -> usize {
        self.state().replacements
    }

    /// What a workload runs, by its query.
    pub(crate) fn what_runs(&self, query: &str) -> Value {
        self.state().runs[query]["image"].clone()
    }

    /// Somebody else deploys to a workload, and all that is under way there is over.
    pub(crate) fn deploy_outside(&self, query: &str, image: &str) {
        self.runs(query, Some(image));
        let state = &mut *self.state();
        for asked in state.deployments.values_mut() {
            asked["superseded"] = true.into();
        }
    }

    pub(crate) fn refuse_all(&self) {
        self.state().refuses_all = true;
    }

    /// Answers nothing any more.
    pub(crate) fn break_down(&self) {
        self.state().is_down = true;
    }

    /// Listens no more.
    pub(crate) async fn stop(&mut self) {
        self.server.stop().await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl State {
    fn answer(&mut self, request: &Request) -> Reply {
        let (verb, path) = request.line.split_once(' ').unwrap();
        match (verb, path.split_once('?')) {
            ("POST", _) if path == "/hook" => self.deploy(&request.body),
            ("GET", Some(("/running", query))) => match self.runs.get(query) {
                Some(runs) => Reply::status(200, &runs.to_string()),
                None => Reply::status(404, r#"{"message": "there is no such workload"}"#),
            },
            ("GET", None) if path.starts_with("/deployments/") => {
                self.look(&path["/deployments/".len()..])
            }
            _ => Reply::status(404, "not here"),
        }
    }

    fn deploy(&mut self, body: &str) -> Reply {
        let asked: Value = serde_json::from_str(body).unwrap();
        let id = asked["id"].as_str().unwrap().to_owned();
        if !self.runs.contains_key(&query(&asked)) {
            return Reply::status(404, r#"{"message": "there is no such workload"}"#);
        }
        self.deployments.entry(id.clone()).or_insert_with(|| {
            self.replacements += 1;
            asked
        });
        Reply::status(202, "").with_header("location", &format!("/deployments/{id}"))
    }

    fn look(&mut self, id: &str) -> Reply {
        let Some(asked) = self.deployments.get(id).cloned() else {
            return Reply::status(410, "");
        };
        let looks = self.looks.entry(id.to_owned()).or_default();
        *looks += 1;
        let is_decided = *looks >= LOOKS;
        let status = match asked["tag"].as_str().unwrap() {
            _ if asked["superseded"] == true => json!({ "status": "superseded" }),
            "v2" if is_decided => {
                let runs = json!({ "image": asked["image"], "tag": "v2", "deployment": id });
                self.runs.insert(query(&asked), runs);
                json!({ "status": "succeeded" })
            }
            "v3" if is_decided => {
                let message = "the new version does not answer";
                if !self.restores {
                    let runs = json!({ "image": asked["image"], "tag": "v3", "deployment": id });
                    self.runs.insert(query(&asked), runs);
                }
                json!({ "status": "failed", "message": message, "restored": self.restores })
            }
            "v5" => json!({
                "status": "failed", "fault": "orchestrator",
                "message": "the registry answers 401: unauthorized",
            }),
            _ => json!({ "status": "running", "message": "1 of 3 answers" }),
        };
        Reply::status(200, &status.to_string())
    }
}

/// The address of the workload in a request, as it is asked for what it runs.
fn query(asked: &Value) -> String {
    let parts = asked["workload"].as_object().unwrap().iter();
    let pairs: Vec<String> = parts
        .map(|(name, value)| format!("{name}={}", value.as_str().unwrap()))
        .collect();
    pairs.join("&")
}
