#[cfg(test)]
mod tests;

use serde_json::{Value, json};

use crate::message::{Fact, Message, Tone};
use crate::text::fit;

/// Slack's own limits, in characters; see "Reference: Secondary message attachments" and "Block Kit: Section".
const MAX_TEXT: usize = 3000;
const MAX_FIELD: usize = 2000;
const MAX_FIELDS: usize = 10;

/// Names that Mattermost notifies a whole channel for when they follow an `@`.
const MASS_MENTIONS: [&str; 4] = ["all", "channel", "everyone", "here"];

/// The body of the webhook's request: a plain line, and a coloured attachment in the form that Slack calls legacy.
///
/// That form, unlike blocks, is also what Mattermost and Rocket.Chat render.
pub(super) fn build(message: &Message) -> Value {
    let headline = escape(&message.headline, MAX_TEXT);
    let fields: Vec<Value> = message.facts.iter().take(MAX_FIELDS).map(field).collect();
    json!({
        "text": headline,
        "attachments": [{
            "fallback": headline,
            "color": colour(message.tone),
            "title": message.title,
            "text": escape(&message.detail, MAX_TEXT),
            "fields": fields,
            "footer": escape(&format!("registrywatcher, {}", message.identity), MAX_FIELD),
            "ts": message.at.timestamp(),
        }],
    })
}

/// The Go service's colours.
fn colour(tone: Tone) -> &'static str {
    match tone {
        Tone::Update => "#FFA500",
        Tone::Success => "#00FF00",
        Tone::Error => "#FF0000",
    }
}

fn field(fact: &Fact) -> Value {
    json!({
        "title": fact.name,
        "value": escape(&fact.value, MAX_FIELD),
        "short": fact.short,
    })
}

/// At most `limit` characters of `text`, in which nothing is a command such as `<!channel>` or `@channel` any more.
///
/// Slack wants `&`, `<` and `>` escaped and nothing else ("Formatting text for app surfaces"). An entity is never cut in
/// two.
fn escape(text: &str, limit: usize) -> String {
    let units = text
        .char_indices()
        .map(|(index, character)| match character {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '@' if is_mass_mention(&text[index + 1..]) => "@\u{200b}".to_owned(),
            other => other.to_string(),
        });
    fit(units, limit)
}

fn is_mass_mention(after_at: &str) -> bool {
    MASS_MENTIONS.iter().any(|name| {
        after_at
            .get(..name.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(name))
    })
}
