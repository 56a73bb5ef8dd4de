use registrywatcher::event::EventKind;
use registrywatcher_conformance::samples;

use super::*;
use crate::message::tests::{event, subject};

fn told(kind: EventKind) -> Value {
    body(&Message::of(&event(kind)).unwrap())
}

fn abandoned(reason: &str) -> Value {
    told(EventKind::DeploymentAbandoned {
        subject: subject(),
        reason: reason.to_owned(),
        by: None,
    })
}

#[test]
fn a_message_is_a_line_and_an_embed() {
    assert_eq!(
        told(EventKind::DeploymentSucceeded { subject: subject() }),
        json!({
            "content": "web: deployed v1.3.0 → v1.4.0 (abababababab) on production:job=web,task=server",
            "embeds": [{
                "title": "Deployment succeeded",
                "description": "The workload runs the image and is healthy.",
                "color": 0xFF00,
                "fields": [
                    { "name": "From", "value": "v1.3.0", "inline": true },
                    { "name": "To", "value": "v1.4.0", "inline": true },
                    { "name": "Image", "value": "ghcr.io/acme/web:v1.4.0", "inline": true },
                    { "name": "Digest", "value": "abababababab", "inline": true },
                    { "name": "Workload", "value": "production:job=web,task=server", "inline": false },
                    { "name": "Outcome", "value": "runs and is healthy", "inline": false },
                ],
                "footer": {
                    "text": "registrywatcher, event 42, deployment 00000000-0000-0000-0000-000000000007"
                },
                "timestamp": "2027-01-15T08:00:05.000Z",
            }],
            "allowed_mentions": { "parse": [] },
        })
    );
}

#[test]
fn what_comes_from_outside_commands_nothing() {
    let body = abandoned("<@1234> **bold** [ok](https://evil.example) @everyone pull_failed");
    assert_eq!(
        body["embeds"][0]["description"],
        "\\<@1234\\> \\*\\*bold\\*\\* \\[ok\\](https://evil.example) @\u{200b}everyone pull\\_failed"
            .replace("<@1234", "<@\u{200b}1234")
    );
    assert_eq!(body["allowed_mentions"], json!({ "parse": [] }));
}

#[test]
fn a_field_is_never_empty() {
    let blank = Fact {
        name: "Outcome",
        value: "\u{7}".to_owned(),
        short: false,
    };
    assert_eq!(field(&blank)["value"], "-");
}

#[test]
fn the_longest_embed_stays_below_6000_characters() {
    let mut subject = subject();
    subject.workload = samples::workload("production", &[("job", &"_".repeat(9000))]);
    let body = told(EventKind::DeploymentAbandoned {
        subject,
        reason: "😀".repeat(9000),
        by: None,
    });
    let embed = &body["embeds"][0];
    let len = |value: &Value| value.as_str().unwrap().chars().count();
    let fields = embed["fields"].as_array().unwrap();
    let total: usize = fields
        .iter()
        .map(|field| len(&field["name"]) + len(&field["value"]))
        .sum::<usize>()
        + len(&embed["title"])
        + len(&embed["description"])
        + len(&embed["footer"]["text"]);
    assert!(total <= 6000, "{total}");
    assert_eq!(len(&embed["description"]), MAX_DESCRIPTION);
    assert!(len(&body["content"]) <= MAX_CONTENT);
    assert!(fields.iter().all(|field| len(&field["value"]) <= MAX_VALUE));
}
