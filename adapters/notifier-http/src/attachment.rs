//! The attachment that Slack calls legacy: unlike its blocks, Mattermost and Rocket.Chat render it too.

use serde_json::{Value, json};

use crate::message::{Fact, Message, Tone};

/// Slack's limits, in characters; see "Reference: Secondary message attachments" and "Block Kit: Section".
///
/// Those of Mattermost are no narrower.
pub(crate) const MAX_TEXT: usize = 3000;
pub(crate) const MAX_FIELD: usize = 2000;
const MAX_FIELDS: usize = 10;

/// A plain line, and a coloured attachment; `write` makes text from outside safe and cuts it to so many characters.
pub(crate) fn build(message: &Message, write: impl Fn(&str, usize) -> String) -> Value {
    let headline = write(&message.headline, MAX_TEXT);
    let field = |fact: &Fact| {
        json!({
            "title": fact.name,
            "value": write(&fact.value, MAX_FIELD),
            "short": fact.short,
        })
    };
    let fields: Vec<Value> = message.facts.iter().take(MAX_FIELDS).map(field).collect();
    json!({
        "text": headline,
        "attachments": [{
            "fallback": headline,
            "color": colour(message.tone),
            "title": message.title,
            "text": write(&message.detail, MAX_TEXT),
            "fields": fields,
            "footer": format!("registrywatcher, {}", message.identity),
            "ts": message.at.timestamp(),
        }],
    })
}

/// The Go service's colours, and one for what it never told.
fn colour(tone: Tone) -> &'static str {
    match tone {
        Tone::Update => "#FFA500",
        Tone::Success => "#00FF00",
        Tone::Warning => "#FFD700",
        Tone::Error => "#FF0000",
    }
}
