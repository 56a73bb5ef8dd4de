use registrywatcher::deployment::{Cause, Failure};
use serde_json::{Value, json};

use super::*;
use crate::message::tests::{event, subject};

fn written(kind: EventKind) -> Value {
    let instance = Instance::parse("production").unwrap();
    serde_json::from_str(&write(&instance, &event(kind)).unwrap()).unwrap()
}

#[test]
fn an_event_is_written_as_cloudevents_1_0() {
    let kind = EventKind::DeploymentFailed {
        subject: subject(),
        reason: Failure::Image {
            message: "exited with code 1".to_owned(),
        },
        restored: true,
    };
    let data = json!({
        "id": 42,
        "at": "2027-01-15T08:00:05Z",
        "watch": "web",
        "severity": "error",
        "message": kind.to_string(),
        "kind": "deployment_failed",
        "deployment": "00000000-0000-0000-0000-000000000007",
        "workload": serde_json::to_value(subject().workload).unwrap(),
        "repository": "ghcr.io/acme/web",
        "tag": "v1.4.0",
        "digest": subject().digest.to_string(),
        "previous_tag": "v1.3.0",
                "attempt": 1,
        "reason": serde_json::to_value(Failure::Image {
            message: "exited with code 1".to_owned(),
        }).unwrap(),
        "restored": true,
    });
    assert_eq!(
        written(kind),
        json!({
            "specversion": "1.0",
            "id": "production-42",
            "source": "/registrywatcher/production",
            "type": "io.registrywatcher.deployment_failed.v1",
            "subject": "web",
            "time": "2027-01-15T08:00:05Z",
            "datacontenttype": "application/json",
            "data": data,
        })
    );
}

#[test]
fn what_a_kind_brings_hides_nothing_of_the_event() {
    for kind in [
        EventKind::WatchRetired,
        EventKind::DeploymentCreated {
            subject: subject(),
            cause: Cause::PinChanged,
        },
        EventKind::DeploymentAbandoned {
            subject: subject(),
            reason: "the deadline".to_owned(),
            by: None,
        },
    ] {
        let own = serde_json::to_value(&kind).unwrap();
        let data = written(kind.clone())["data"].clone();
        let shared = own.as_object().unwrap();
        assert_eq!(data.as_object().unwrap().len(), shared.len() + 5, "{kind}");
        for (name, value) in shared {
            assert_eq!(&data[name], value, "{name} of {kind}");
        }
    }
}

#[test]
fn an_instance_fits_into_an_id() {
    for name in ["a", "production", "eu-west_1", &"x".repeat(64)] {
        Instance::parse(name).unwrap();
    }
    for name in ["", "a.b", "a b", "a/b", "ä", &"x".repeat(65)] {
        let expected = SinkError::BadInstance {
            instance: name.to_owned(),
        };
        assert_eq!(Instance::parse(name).unwrap_err(), expected);
    }
}
