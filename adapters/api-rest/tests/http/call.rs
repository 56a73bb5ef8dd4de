//! Calling the interface; what holds for every answer is checked on each.

use poem::Response;
use poem::http::{HeaderMap, Method};
use serde_json::{Value, json};

use super::examples::DOCUMENT;
use super::house::House;
use super::schema;

/// A request that is put together.
pub(crate) struct Call<'a> {
    house: &'a House,
    method: Method,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl House {
    /// A request to a loopback host.
    pub(crate) fn call(&self, method: Method, path: &str) -> Call<'_> {
        let headers = vec![("host".to_owned(), "localhost:8080".to_owned())];
        Call {
            house: self,
            method,
            path: path.to_owned(),
            headers,
            body: Vec::new(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path).send().await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path).json(&body).send().await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PUT, path).json(&body).send().await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path).send().await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PATCH, path).json(&body).send().await
    }
}

impl Call<'_> {
    /// Sets a header, or takes it away if the value is empty.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        if !value.is_empty() {
            self.headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// Sets a header once more.
    pub(crate) fn also(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json")
            .body(body.to_string())
    }

    pub(crate) async fn send(self) -> Answer {
        let (method, path) = (self.method.clone(), self.path.clone());
        let response = self.respond().await;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let is = |media_type: &str| {
            let content_type = headers.get("content-type");
            content_type.is_some_and(|value| value.as_bytes().starts_with(media_type.as_bytes()))
        };
        let text = if is("text/event-stream") {
            // It has no end.
            String::new()
        } else {
            response.into_body().into_string().await.unwrap()
        };
        let body = match status {
            204 if text.is_empty() => json!({}),
            _ if is("text/") => Value::String(text),
            _ => serde_json::from_str(&text).unwrap(),
        };
        let answer = Answer {
            status,
            headers,
            body,
        };
        answer.assert_in_order(&method, &path);
        answer
    }

    /// Sends it, and gives the answer as it comes.
    pub(crate) async fn respond(self) -> Response {
        let mut request = self
            .house
            .client
            .request(self.method, &self.path)
            .body(self.body);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.send().await.0
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The kind of the problem, by the last part of its type.
    #[track_caller]
    pub(crate) fn problem(&self) -> &str {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{self:?}"
        );
        assert_eq!(self.body["status"], self.status, "{self:?}");
        assert_eq!(
            self.body["request_id"],
            self.header("x-request-id"),
            "{self:?}"
        );
        let kind = self.body["type"].as_str().unwrap();
        kind.rsplit_once('#').unwrap().1
    }

    /// The message in which the Go routes tell errors.
    #[track_caller]
    pub(crate) fn message(&self) -> &str {
        assert!(
            self.header("content-type").starts_with("application/json"),
            "{self:?}"
        );
        assert_eq!(self.body.as_object().unwrap().len(), 1, "{self:?}");
        self.body["message"].as_str().unwrap()
    }

    /// Every answer names its request, says when to try again if that may help, holds no `null`, and is one that the document
    /// promises.
    #[track_caller]
    fn assert_in_order(&self, method: &Method, path: &str) {
        assert!(!self.header("x-request-id").is_empty(), "{self:?}");
        if matches!(self.status, 429 | 503) {
            let seconds = self.header("retry-after").parse::<u64>();
            assert!(seconds.is_ok_and(|seconds| seconds > 0), "{self:?}");
        }
        assert!(!holds_null(&self.body), "{method} {path}: {self:?}");
        let Some(operation) = operation(&DOCUMENT, method, path) else {
            return;
        };
        let promised = &operation["responses"][self.status.to_string()];
        if self.status == 204 {
            let is_promised = promised.is_object() && promised.get("content").is_none();
            assert!(is_promised, "{method} {path} does not promise {self:?}");
            return;
        }
        let media_type = self.header("content-type").split(';').next().unwrap();
        let Some(content) = promised["content"].get(media_type) else {
            panic!("{method} {path} does not promise {self:?}");
        };
        if let Err(fault) = schema::check(&DOCUMENT, &content["schema"], &self.body) {
            panic!("{method} {path}: {fault}: {self:?}");
        }
    }
}

fn holds_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(holds_null),
        Value::Object(fields) => fields.values().any(holds_null),
        _ => false,
    }
}

fn operation<'a>(document: &'a Value, method: &Method, path: &str) -> Option<&'a Value> {
    let path = path.split('?').next()?.trim_end_matches('/');
    let matches = |template: &str| {
        template.split('/').count() == path.split('/').count()
            && template
                .split('/')
                .zip(path.split('/'))
                .all(|(wanted, found)| wanted.starts_with('{') || wanted == found)
    };
    let paths = document["paths"].as_object()?;
    let (_, operations) = paths.iter().find(|(template, _)| matches(template))?;
    operations.get(method.as_str().to_lowercase())
}
