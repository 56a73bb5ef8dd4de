//! One request of every operation that is carried out, in a house where each can be.

use std::sync::LazyLock;

use poem::http::Method;
use registrywatcher::ports::{DeadLetter, Store};
use registrywatcher::token::Token;
use registrywatcher_api_rest::openapi;
use registrywatcher_conformance::samples;
use serde_json::{Value, json};

use super::call::Call;
use super::house::{Differences, House, SINK};

/// The document, which is the same in every test.
pub(crate) static DOCUMENT: LazyLock<Value> = LazyLock::new(openapi);

/// A request of one operation.
pub(crate) struct Example {
    /// The operation.
    pub(crate) id: &'static str,
    pub(crate) method: Method,
    template: &'static str,
    parameters: Vec<(&'static str, String)>,
    body: Option<Value>,
}

/// A house with a history: one deployment succeeded, one failed, one waits at its canaries; and the sink could not be told event 1.
pub(crate) struct LivedIn {
    pub(crate) house: House,
    failed: String,
    waiting: String,
}

impl LivedIn {
    pub(crate) async fn with(tokens: Vec<Token>) -> Self {
        let house = House::with(Differences {
            tokens,
            ..Differences::default()
        })
        .await;
        house.turn().await;
        house.push("v1.1.0", 2);
        house.turn().await;
        house.deployer.fail_next_image("it crashed", true);
        house.push("v1.2.0", 3);
        house.turn().await;
        house.deployer.hold_at_canaries(samples::tag("v1.3.0"));
        house.push("v1.3.0", 4);
        house.turn().await;
        let letter = DeadLetter {
            sink: SINK.to_owned(),
            event: 1,
            at: samples::at(0),
            attempts: 1,
            problem: "nobody was there".to_owned(),
        };
        house.store.bury(&letter).await.unwrap();
        let deployments = house.store.all_deployments();
        let ids: Vec<String> = deployments.iter().map(|one| one.id.to_string()).collect();
        let [_, failed, waiting] = ids.try_into().unwrap();
        Self {
            house,
            failed,
            waiting,
        }
    }

    /// A request of each operation of the document.
    pub(crate) fn examples(&self) -> Vec<Example> {
        let paths = DOCUMENT["paths"].as_object().unwrap();
        let operations = paths.iter().flat_map(|(template, operations)| {
            let operations = operations.as_object().unwrap().iter();
            operations.map(move |(method, operation)| (template.as_str(), method, operation))
        });
        let examples = operations.map(|(template, method, operation)| {
            let id = operation["operationId"].as_str().unwrap();
            Example {
                id,
                method: method.to_uppercase().parse().unwrap(),
                template,
                parameters: self.parameters(id),
                body: self.body(id),
            }
        });
        examples.collect()
    }

    fn parameters(&self, operation: &str) -> Vec<(&'static str, String)> {
        let deployment = match operation {
            "releaseFromQuarantine" => &self.failed,
            _ => &self.waiting,
        };
        vec![
            ("{watch}", "web".to_owned()),
            ("{repo}", "web".to_owned()),
            ("{sink}", SINK.to_owned()),
            ("{event}", "1".to_owned()),
            ("{deployment}", deployment.clone()),
        ]
    }

    fn body(&self, operation: &str) -> Option<Value> {
        match operation {
            "changeIntent" => Some(json!({ "auto_deploy": false })),
            "changeTag" => Some(json!({ "pinned_tag": "v1.0.0" })),
            "createDeployment" | "rollBack" => Some(json!({})),
            "abandonDeployment" => Some(json!({ "reason": "it hangs" })),
            "setFreeze" | "setFreezeOfWatch" => {
                Some(json!({ "until": self.house.in_seconds(60), "reason": "the fair" }))
            }
            _ => None,
        }
    }

    /// The request, as whoever has this token sends it; without one if the name is empty.
    pub(crate) fn call(&self, example: &Example, name: &str) -> Call<'_> {
        let bearer = match name {
            "" => String::new(),
            name => format!("Bearer secret of {name}"),
        };
        let call = self.house.call(example.method.clone(), &example.path());
        let call = call.header("authorization", &bearer);
        match &example.body {
            Some(body) => call.json(body),
            None => call,
        }
    }
}

impl Example {
    fn path(&self) -> String {
        let parameters = self.parameters.iter();
        let path = parameters.fold(self.template.to_owned(), |path, (name, value)| {
            path.replace(name, value)
        });
        assert!(!path.contains('{'), "{path} has an unknown parameter");
        path
    }

    /// Whether it only reads.
    pub(crate) fn is_safe(&self) -> bool {
        self.method == Method::GET
    }

    pub(crate) fn is_of_go_service(&self) -> bool {
        ["/ping", "/repos", "/tags", "/debug"]
            .iter()
            .any(|prefix| self.template.starts_with(prefix))
    }
}
