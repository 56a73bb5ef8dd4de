use registrywatcher::deployment::Failure;
use registrywatcher::event::EventKind;
use registrywatcher_conformance::samples;

use serde_json::json;

use super::*;
use crate::attachment::{MAX_FIELD, MAX_TEXT};
use crate::message::tests::{event, subject};

fn told(kind: EventKind) -> Value {
    body(&Message::of(&event(kind)).unwrap())
}

fn failed(message: &str) -> Value {
    let reason = Failure::Image {
        message: message.to_owned(),
    };
    told(EventKind::DeploymentFailed {
        subject: subject(),
        reason,
        restored: true,
    })
}

#[test]
fn the_start_of_a_deployment_is_an_orange_update() {
    assert_eq!(
        told(EventKind::DeploymentStarted { subject: subject() }),
        json!({
            "text": "web: deploying v1.3.0 → v1.4.0 (abababababab) on production:job=web,task=server",
            "attachments": [{
                "fallback": "web: deploying v1.3.0 → v1.4.0 (abababababab) on production:job=web,task=server",
                "color": "#FFA500",
                "title": "Deployment started",
                "text": "The orchestrator is asked now; how it ends is told in another message.",
                "fields": [
                    { "title": "From", "value": "v1.3.0", "short": true },
                    { "title": "To", "value": "v1.4.0", "short": true },
                    { "title": "Image", "value": "ghcr.io/acme/web:v1.4.0", "short": true },
                    { "title": "Digest", "value": "abababababab", "short": true },
                    { "title": "Workload", "value": "production:job=web,task=server", "short": false },
                    { "title": "Outcome", "value": "not known yet", "short": false },
                ],
                "footer": "registrywatcher, event 42, deployment 00000000-0000-0000-0000-000000000007",
                "ts": 1_800_000_005,
            }],
        })
    );
}

#[test]
fn a_success_is_green() {
    assert_eq!(
        told(EventKind::DeploymentSucceeded { subject: subject() }),
        json!({
            "text": "web: deployed v1.3.0 → v1.4.0 (abababababab) on production:job=web,task=server",
            "attachments": [{
                "fallback": "web: deployed v1.3.0 → v1.4.0 (abababababab) on production:job=web,task=server",
                "color": "#00FF00",
                "title": "Deployment succeeded",
                "text": "The workload runs the image and is healthy.",
                "fields": [
                    { "title": "From", "value": "v1.3.0", "short": true },
                    { "title": "To", "value": "v1.4.0", "short": true },
                    { "title": "Image", "value": "ghcr.io/acme/web:v1.4.0", "short": true },
                    { "title": "Digest", "value": "abababababab", "short": true },
                    { "title": "Workload", "value": "production:job=web,task=server", "short": false },
                    { "title": "Outcome", "value": "runs and is healthy", "short": false },
                ],
                "footer": "registrywatcher, event 42, deployment 00000000-0000-0000-0000-000000000007",
                "ts": 1_800_000_005,
            }],
        })
    );
}

#[test]
fn a_failure_is_a_red_error() {
    assert_eq!(
        failed("task `server` exited with code 1"),
        json!({
            "text": "web: could not deploy v1.3.0 → v1.4.0 (abababababab) on production:job=web,task=server",
            "attachments": [{
                "fallback": "web: could not deploy v1.3.0 → v1.4.0 (abababababab) on production:job=web,task=server",
                "color": "#FF0000",
                "title": "Deployment failed",
                "text": "task `server` exited with code 1\nThe image is not deployed by itself again.",
                "fields": [
                    { "title": "From", "value": "v1.3.0", "short": true },
                    { "title": "To", "value": "v1.4.0", "short": true },
                    { "title": "Image", "value": "ghcr.io/acme/web:v1.4.0", "short": true },
                    { "title": "Digest", "value": "abababababab", "short": true },
                    { "title": "Workload", "value": "production:job=web,task=server", "short": false },
                    {
                        "title": "Outcome",
                        "value": "failed; the orchestrator restored what ran before",
                        "short": false
                    },
                ],
                "footer": "registrywatcher, event 42, deployment 00000000-0000-0000-0000-000000000007",
                "ts": 1_800_000_005,
            }],
        })
    );
}

#[test]
fn what_comes_from_outside_commands_nothing() {
    let text = failed("<!channel> a && b <https://evil.example|ok> @Channel me@example.com");
    assert_eq!(
        text["attachments"][0]["text"],
        "&lt;!channel&gt; a &amp;&amp; b &lt;https://evil.example|ok&gt; @\u{200b}Channel me@example.com\n\
         The image is not deployed by itself again."
    );

    let mut subject = subject();
    subject.workload = samples::workload("production", &[("job", "<!here>")]);
    let body = told(EventKind::DeploymentStarted { subject }).to_string();
    assert!(!body.contains("<!here>"), "{body}");
}

#[test]
fn a_long_text_is_cut_at_the_sinks_limit_and_not_inside_an_entity() {
    for message in ["é".repeat(5000), "<".repeat(5000)] {
        let body = failed(&message);
        let text = body["attachments"][0]["text"].as_str().unwrap();
        assert!(text.chars().count() <= MAX_TEXT);
        assert!(text.chars().count() > MAX_TEXT - 5);
        assert!(text.ends_with("é…") || text.ends_with("&lt;…"), "{text}");
    }

    let mut subject = subject();
    subject.workload = samples::workload("production", &[("job", &"j".repeat(5000))]);
    let body = told(EventKind::DeploymentStarted { subject });
    let value = body["attachments"][0]["fields"][4]["value"]
        .as_str()
        .unwrap();
    assert_eq!(value.chars().count(), MAX_FIELD);
    assert_eq!(body["text"].as_str().unwrap().chars().count(), MAX_TEXT);
}
