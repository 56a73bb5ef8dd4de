//! What is sent, and how it is signed.

use std::sync::Arc;

use registrywatcher::deployment::{DeploymentId, Previous};
use registrywatcher::ports::{Apply, Deployer};
use registrywatcher_conformance::samples;
use registrywatcher_deployer_webhook::{Settings, WebhookDeployer};
use registrywatcher_memory::MemoryClock;
use serde_json::Value;
use std::time::Duration;

use crate::double::Receiver;
use crate::http::Reply;
use crate::{SECRET, apply, deployer, open, settings};

/// What stands in the README for what is sent, and for what is answered.
fn examples() -> Vec<Value> {
    let readme = include_str!("../../README.md");
    let blocks = readme.split("```json\n").skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap())
        .map(|json| serde_json::from_str(json).expect("an example is JSON"))
        .collect()
}

#[tokio::test]
async fn the_example_of_the_documentation_is_what_is_sent() {
    let example = examples().remove(0);
    let receiver = Receiver::start().await;
    receiver.reply_next([Reply::status(204, "")]);
    let id = example["id"].as_str().unwrap();
    let asked = Apply {
        id: id.parse().unwrap(),
        previous: Some(Previous {
            tag: Some(samples::tag("v1")),
            digest: Some(samples::digest(1)),
        }),
        ..apply()
    };
    deployer(&receiver).apply(&asked).await.unwrap();

    let [request] = &receiver.requests()[..] else {
        panic!("one request")
    };
    let sent: Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(sent, example);
    assert_eq!(request.line, "POST /hook");
    assert_eq!(request.header("content-type"), "application/json");
    assert_eq!(request.header("webhook-id"), id);
}

#[tokio::test]
async fn what_is_not_known_is_null() {
    let receiver = Receiver::start().await;
    receiver.reply_next([Reply::status(204, ""), Reply::status(204, "")]);
    let deployer = deployer(&receiver);
    deployer.apply(&apply()).await.unwrap();
    let unknown = Previous {
        tag: None,
        digest: None,
    };
    let second = Apply {
        id: DeploymentId(uuid::Uuid::from_u128(8)),
        previous: Some(unknown),
        forced: true,
        ..apply()
    };
    deployer.apply(&second).await.unwrap();

    let sent =
        |index: usize| -> Value { serde_json::from_str(&receiver.requests()[index].body).unwrap() };
    assert_eq!(sent(0)["previous"], Value::Null);
    assert_eq!(sent(0)["forced"], false);
    assert_eq!(sent(1)["previous"]["tag"], Value::Null);
    assert_eq!(sent(1)["forced"], true);
}

#[test]
fn the_schema_names_what_the_examples_hold() {
    let schema: Value = serde_json::from_str(include_str!("../../schema.json")).unwrap();
    let examples = examples();
    assert_eq!(examples.len(), 3);
    for (example, name) in examples.iter().zip(["request", "status", "running"]) {
        let definition = &schema["$defs"][name];
        let known = definition["properties"].as_object().unwrap();
        let keys = example.as_object().unwrap();
        assert!(keys.keys().eq(known.keys()), "{name}");
        for required in definition["required"].as_array().unwrap() {
            assert!(
                keys.contains_key(required.as_str().unwrap()),
                "{name}: {required}"
            );
        }
    }
}

#[tokio::test]
async fn an_attempt_keeps_its_id_and_its_body_and_is_signed_anew() {
    let receiver = Receiver::start().await;
    receiver.reply_next([Reply::status(500, ""), Reply::status(204, "")]);
    let clock = MemoryClock::new();
    let deployer = open(&settings(&receiver), &clock);
    deployer.apply(&apply()).await.unwrap_err();
    clock.advance(Duration::from_secs(8));
    deployer.apply(&apply()).await.unwrap();

    let [first, second] = &receiver.requests()[..] else {
        panic!("two requests")
    };
    assert_eq!(first.header("webhook-id"), second.header("webhook-id"));
    assert_eq!(first.body, second.body);
    let time =
        |name: &crate::http::Request| -> i64 { name.header("webhook-timestamp").parse().unwrap() };
    assert_eq!(time(second) - time(first), 8);
    let signatures = [first, second].map(|request| request.header("webhook-signature"));
    assert_ne!(signatures[0], signatures[1]);
}

#[tokio::test]
async fn a_secret_is_rotated_without_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secrets");
    let receiver = Receiver::start().await;
    receiver.reply_next((0..3).map(|_| Reply::status(204, "")));
    let settings = Settings {
        secrets: Vec::new(),
        secrets_file: Some(file.clone()),
        ..settings(&receiver)
    };
    let deployer = open(&settings, &MemoryClock::new());
    let newer = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let mut signatures = Vec::new();
    for secrets in [
        SECRET.to_owned(),
        format!("{newer}\n{SECRET}\n"),
        newer.to_owned(),
    ] {
        std::fs::write(&file, secrets).unwrap();
        deployer.apply(&apply()).await.unwrap();
        let request = receiver.requests().pop().unwrap();
        signatures.push(request.header("webhook-signature").to_owned());
    }
    let [old, both, new] = &signatures[..] else {
        panic!("three requests")
    };
    assert_eq!(*both, format!("{new} {old}"));
}

#[tokio::test]
async fn secret_headers_go_with_every_request_and_into_no_message() {
    let receiver = Receiver::start().await;
    receiver.runs("name=web&stage=production", None);
    let mut settings = settings(&receiver);
    settings.running_url = Some("/running".into());
    let headers = [("Authorization", "Bearer c0ffee"), ("X-Api-Key", "hunter2")];
    for (name, value) in headers {
        settings.secret_headers.insert(name.into(), value.into());
    }
    let deployer = open(&settings, &MemoryClock::new());
    deployer.running(&apply().workload).await.unwrap();
    crate::first_look(&deployer).await;
    assert_eq!(receiver.requests().len(), 3);
    for request in receiver.requests() {
        assert_eq!(request.header("authorization"), "Bearer c0ffee");
        assert_eq!(request.header("x-api-key"), "hunter2");
        assert!(request.header("webhook-signature").starts_with("v1,"));
    }

    let echo = r#"{"message": "`Bearer c0ffee` and hunter2 may not"}"#;
    receiver.reply_next([Reply::status(403, echo)]);
    let error = deployer.apply(&apply()).await.unwrap_err().to_string();
    assert!(
        !error.contains("c0ffee") && !error.contains("hunter2"),
        "{error}"
    );
    assert!(!format!("{deployer:?}{settings:?}").contains("c0ffee"));
}

#[test]
fn a_certificate_that_is_none_is_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    for (path, message) in [
        (file.path().to_owned(), "holds no certificate in PEM"),
        ("/does/not/exist".into(), "cannot be read"),
    ] {
        let settings = Settings {
            url: Some("https://deploy.example/".into()),
            secrets: vec![SECRET.into()],
            ca_file: Some(path),
            ..Settings::default()
        };
        let error = WebhookDeployer::new(&settings, Arc::new(MemoryClock::new())).unwrap_err();
        assert_eq!(error.setting, "ca_file");
        assert!(error.problem.contains(message), "{error}");
    }
}
