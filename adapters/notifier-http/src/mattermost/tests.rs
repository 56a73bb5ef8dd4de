use registrywatcher::event::EventKind;

use super::*;
use crate::message::tests::{event, subject};

fn dropped(reason: &str) -> Message {
    let kind = EventKind::DeploymentAbandoned {
        subject: subject(),
        reason: reason.to_owned(),
        by: None,
    };
    Message::of(&event(kind)).unwrap()
}

#[test]
fn a_message_is_an_attachment_in_markdown() {
    let body = body(&dropped("task `server` is *gone*"), None);
    assert_eq!(
        body["text"],
        "web: gave up deploying v1.3.0 → v1.4.0 (abababababab) on production:job=web,task=server"
    );
    let attachment = &body["attachments"][0];
    assert_eq!(attachment["color"], "#FF0000");
    assert_eq!(attachment["title"], "Deployment abandoned");
    assert_eq!(attachment["text"], "task \\`server\\` is \\*gone\\*");
    assert_eq!(
        attachment["fields"][1],
        json!({ "title": "To", "value": "v1.4.0", "short": true })
    );
    assert_eq!(body.get("channel"), None);
}

#[test]
fn what_comes_from_outside_commands_nothing() {
    let text =
        dropped("<!channel> <https://evil.example|ok> [ok](https://evil.example) @all ~town @bob");
    assert_eq!(
        body(&text, None)["attachments"][0]["text"],
        "&lt;!channel&gt; &lt;https://evil.example\\|ok&gt; \\[ok\\](https://evil.example) @\u{200b}all \\~town \
         @\u{200b}bob"
    );
}

#[test]
fn another_channel_is_named_where_one_is_wanted() {
    assert_eq!(body(&dropped(""), Some("releases"))["channel"], "releases");
}

#[test]
fn a_long_text_is_cut_and_not_inside_an_escape() {
    let body = body(&dropped(&"*".repeat(5000)), None);
    let text = body["attachments"][0]["text"].as_str().unwrap();
    assert!(text.chars().count() <= attachment::MAX_TEXT);
    assert!(text.ends_with("\\*…"), "{text}");
}
