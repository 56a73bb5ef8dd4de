use registrywatcher::event::EventKind;
use registrywatcher_conformance::samples;

use super::*;
use crate::message::tests::{event, subject};

/// The most that Teams takes.
const MAX_BYTES: usize = 28 * 1024;

fn told(kind: EventKind) -> Value {
    body(&Message::of(&event(kind)).unwrap())
}

fn block(body: &Value, index: usize) -> &Value {
    &body["attachments"][0]["content"]["body"][index]
}

#[test]
fn a_message_is_an_adaptive_card_in_an_envelope() {
    let headline = "web: deployed v1.3.0 → v1.4.0 (abababababab) on production:job=web,task=server";
    let card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": headline,
        "body": [
            {
                "type": "TextBlock",
                "text": "Deployment succeeded",
                "size": "Large",
                "weight": "Bolder",
                "color": "Good",
                "wrap": true,
            },
            { "type": "TextBlock", "text": headline, "wrap": true },
            { "type": "TextBlock", "text": "The workload runs the image and is healthy.", "wrap": true },
            { "type": "FactSet", "facts": [
                { "title": "From", "value": "v1.3.0" },
                { "title": "To", "value": "v1.4.0" },
                { "title": "Image", "value": "ghcr.io/acme/web:v1.4.0" },
                { "title": "Digest", "value": "abababababab" },
                { "title": "Workload", "value": "production:job=web,task=server" },
                { "title": "Outcome", "value": "runs and is healthy" },
            ] },
            {
                "type": "TextBlock",
                "text": "registrywatcher, event 42, deployment 00000000-0000-0000-0000-000000000007, \
                         {{DATE(2027-01-15T08:00:05Z, SHORT)}} {{TIME(2027-01-15T08:00:05Z)}}",
                "size": "Small",
                "isSubtle": true,
                "wrap": true,
            },
        ],
        "msteams": { "width": "Full" },
    });
    assert_eq!(
        told(EventKind::DeploymentSucceeded { subject: subject() }),
        json!({
            "type": "message",
            "attachments": [{
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": null,
                "content": card,
            }],
        })
    );
}

#[test]
fn a_message_without_detail_and_facts_has_no_empty_blocks() {
    let body = told(EventKind::WatchRetired);
    let blocks = body["attachments"][0]["content"]["body"]
        .as_array()
        .unwrap();
    assert_eq!(blocks.len(), 3);
    assert_eq!(block(&body, 0)["color"], "Warning");
    assert_eq!(
        block(&body, 1)["text"],
        "web: no longer in the configuration"
    );
}

#[test]
fn what_comes_from_outside_is_no_markdown() {
    let body = told(EventKind::DeploymentAbandoned {
        subject: subject(),
        reason: "[ok](https://evil.example) **bold** pull_failed\nnext".to_owned(),
        by: None,
    });
    assert_eq!(
        block(&body, 2)["text"],
        "\\[ok\\](https://evil.example) \\*\\*bold\\*\\* pull\\_failed\n\nnext"
    );
}

#[test]
fn the_longest_card_stays_below_28_kilobytes() {
    for character in ["😀", "\\", "\"", "\n"] {
        let mut subject = subject();
        subject.workload = samples::workload("production", &[("job", &character.repeat(9000))]);
        let body = told(EventKind::DeploymentAbandoned {
            subject,
            reason: character.repeat(9000),
            by: None,
        });
        let len = body.to_string().len();
        assert!(len < MAX_BYTES, "{len} bytes for {character:?}");
    }
}
