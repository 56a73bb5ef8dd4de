//! What the API server answers.

use serde_json::{Value, json};

use super::{Seen, State, merge};

pub(super) struct Asked {
    pub(super) method: String,
    pub(super) uri: String,
    pub(super) content_type: String,
    pub(super) authorization: String,
    pub(super) body: Vec<u8>,
}

pub(super) struct Answer {
    pub(super) code: u16,
    pub(super) retry_after: Option<&'static str>,
    pub(super) body: Value,
}

impl Answer {
    pub(super) fn ok(body: Value) -> Self {
        Self {
            code: 200,
            retry_after: None,
            body,
        }
    }

    pub(super) fn status(code: u16, reason: &str, message: &str) -> Self {
        let body = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "reason": reason, "code": code, "message": message,
        });
        Self {
            code,
            retry_after: None,
            body,
        }
    }

    fn not_found(path: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or_default();
        Self::status(404, "NotFound", &format!("\"{name}\" not found"))
    }

    fn forbidden(what: &str) -> Self {
        Self::status(
            403,
            "Forbidden",
            &format!("{what} is forbidden: User \"bot\" cannot do this"),
        )
    }
}

impl State {
    pub(super) fn answer(&mut self, asked: &Asked) -> Answer {
        let body = serde_json::from_slice(&asked.body).unwrap_or_default();
        self.seen.push(Seen {
            method: asked.method.clone(),
            uri: asked.uri.clone(),
            content_type: asked.content_type.clone(),
            body,
        });
        let token = self
            .faults
            .token
            .as_ref()
            .map(|token| format!("Bearer {token}"));
        if token.is_some_and(|token| token != asked.authorization) {
            return Answer::status(401, "Unauthorized", "Unauthorized");
        }
        if let Some(answer) = self.fault(&asked.method) {
            return answer;
        }
        let (path, query) = asked.uri.split_once('?').unwrap_or((&asked.uri, ""));
        match asked.method.as_str() {
            "GET" if self.objects.contains_key(path) => {
                let object = self.objects[path].clone();
                // What the controllers do shows at the next read.
                self.tick(path);
                Answer::ok(object)
            }
            "GET" => self
                .workloads(path, query)
                .unwrap_or_else(|| self.list(path, query)),
            "PATCH" => self.patch(path, query, asked),
            "DELETE" => self.delete_pod(path, &asked.body),
            _ => Answer::status(405, "MethodNotAllowed", "no"),
        }
    }

    fn fault(&mut self, method: &str) -> Option<Answer> {
        let (of, ..) = self.faults.answers.front()?;
        if *of != method {
            return None;
        }
        let (_, code, reason, retry_after) = self.faults.answers.pop_front()?;
        Some(Answer {
            retry_after,
            ..Answer::status(code, reason, "a fault of the test")
        })
    }

    fn list(&mut self, path: &str, query: &str) -> Answer {
        let (parent, collection) = path.rsplit_once('/').unwrap_or_default();
        if !["pods", "replicasets", "controllerrevisions"].contains(&collection) {
            return Answer::not_found(path);
        }
        if self.faults.forbidden.contains(collection) {
            return Answer::forbidden(collection);
        }
        let selector = query
            .split('&')
            .find_map(|pair| pair.strip_prefix("labelSelector="))
            .unwrap_or_default()
            .replace("%3D", "=");
        let app = selector.strip_prefix("app=").unwrap_or_default();
        let namespace = parent.rsplit('/').next().unwrap_or_default();
        let is_of = |object: &str| {
            object.contains(&format!("/namespaces/{namespace}/"))
                && object.ends_with(&format!("/{app}"))
        };
        let items: Vec<Value> = if collection == "pods" {
            let pods = self.pods.iter().filter(|(object, _)| is_of(object));
            pods.flat_map(|(object, pods)| {
                let owner = &self.objects[object];
                pods.iter().map(|pod| pod.raw(owner, self.faults.created))
            })
            .collect()
        } else {
            let kept = self.history.iter().filter(|(object, _)| is_of(object));
            kept.flat_map(|(_, kept)| kept.clone()).collect()
        };
        Answer::ok(json!({ "kind": "List", "metadata": {}, "items": items }))
    }

    fn patch(&mut self, path: &str, query: &str, asked: &Asked) -> Answer {
        if let Some(edit) = self.faults.before_patch.take() {
            self.edit(path, edit);
        }
        let Some(object) = self.objects.get(path).cloned() else {
            return Answer::not_found(path);
        };
        // A JSON merge patch would replace the list of containers as a whole.
        if asked.content_type != "application/strategic-merge-patch+json" {
            return Answer::status(
                415,
                "UnsupportedMediaType",
                "the test knows strategic merge only",
            );
        }
        if !query.contains("fieldManager=registrywatcher") {
            return Answer::status(400, "BadRequest", "who are you?");
        }
        let Ok(wanted) = serde_json::from_slice::<Value>(&asked.body) else {
            return Answer::status(400, "BadRequest", "that is no JSON");
        };
        let version = &wanted["metadata"]["resourceVersion"];
        if !version.is_null() && *version != object["metadata"]["resourceVersion"] {
            return Answer::status(
                409,
                "Conflict",
                "Operation cannot be fulfilled: the object has been modified; please apply your \
                 changes to the latest version and try again",
            );
        }
        self.edit(path, |object| merge::strategic(object, &wanted));
        if self.faults.lost_answers > 0 {
            self.faults.lost_answers -= 1;
            return Answer::status(504, "Timeout", "the answer was lost");
        }
        Answer::ok(self.objects[path].clone())
    }

    /// Changes an object as the API server does: its generation moves with its specification alone.
    pub(super) fn edit(&mut self, path: &str, change: impl FnOnce(&mut Value)) {
        let Some(object) = self.objects.get_mut(path) else {
            return;
        };
        let before = object.clone();
        change(object);
        if *object == before {
            return;
        }
        self.version += 1;
        object["metadata"]["resourceVersion"] = self.version.to_string().into();
        if object["spec"] != before["spec"] {
            let generation = before["metadata"]["generation"].as_u64().unwrap_or(1);
            object["metadata"]["generation"] = (generation + 1).into();
        }
        let template = |object: &Value| {
            let spec = &object["spec"];
            (spec["template"].clone(), spec["jobTemplate"].clone())
        };
        if template(object) != template(&before) {
            self.rollouts += 1;
        }
    }

    fn delete_pod(&mut self, path: &str, body: &[u8]) -> Answer {
        if self.faults.forbidden.contains("delete") {
            return Answer::forbidden("pods");
        }
        let name = path.rsplit('/').next().unwrap_or_default();
        let options: Value = serde_json::from_slice(body).unwrap_or_default();
        for pods in self.pods.values_mut() {
            let Some(index) = pods.iter().position(|pod| pod.name == name) else {
                continue;
            };
            if options["preconditions"]["uid"] != pods[index].uid() {
                return Answer::status(
                    409,
                    "Conflict",
                    "the UID in the precondition does not match",
                );
            }
            pods.remove(index);
            return Answer::ok(json!({ "kind": "Pod" }));
        }
        Answer::not_found(path)
    }
}
