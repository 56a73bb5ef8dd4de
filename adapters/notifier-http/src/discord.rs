//! Discord's webhooks.

#[cfg(test)]
mod tests;

use async_trait::async_trait;
use chrono::SecondsFormat;
use registrywatcher::event::Event;
use registrywatcher::ports::{Notifier, NotifyError};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::SinkError;
use crate::http::{DeliveryLimits, Sink};
use crate::message::{Fact, Message, Tone};
use crate::text;

/// Discord's limits, in characters; see "Execute Webhook" and "Embed Limits".
const MAX_CONTENT: usize = 2000;
const MAX_FIELDS: usize = 25;
/// Narrower than Discord's own (4096 and 1024), so that a whole embed stays below the 6000 that it may have.
const MAX_DESCRIPTION: usize = 2000;
const MAX_VALUE: usize = 500;

/// What Discord's Markdown gives a meaning; `<` opens mentions, channels and times.
const SPECIAL: &str = "\\`*_~|<>[]#";

/// Which channel is told.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiscordSettings {
    /// The URL of a webhook, `https://discord.com/api/webhooks/…`; `?thread_id=…` names a thread of its channel.
    pub webhook_url: SecretString,
}

/// Tells a Discord webhook how deployments go and what somebody should look at.
#[derive(Debug)]
pub struct DiscordNotifier {
    sink: Sink,
}

impl DiscordNotifier {
    /// A notifier for a webhook, whose URL is itself the permission to post and never shown.
    ///
    /// A provider of cryptography must be installed before (`rustls::crypto::…::install_default`).
    pub fn new(settings: DiscordSettings) -> Result<Self, SinkError> {
        let DiscordSettings { webhook_url } = settings;
        Ok(Self {
            // Otherwise Discord answers before it has the message, and says nothing where it is lost.
            sink: Sink::new(&webhook_url)?.with_query("wait", "true"),
        })
    }

    /// The same notifier, with other limits.
    #[must_use]
    pub fn with_limits(self, limits: DeliveryLimits) -> Self {
        Self {
            sink: self.sink.with_limits(limits),
        }
    }
}

#[async_trait]
impl Notifier for DiscordNotifier {
    async fn deliver(&self, event: &Event) -> Result<(), NotifyError> {
        match Message::of(event) {
            Some(message) => self.sink.post_json(&body(&message)).await,
            None => Ok(()),
        }
    }
}

/// A line that stands in the notification, and an embed with the rest.
fn body(message: &Message) -> Value {
    let fields: Vec<Value> = message.facts.iter().take(MAX_FIELDS).map(field).collect();
    json!({
        "content": escape(&message.headline, MAX_CONTENT),
        "embeds": [{
            "title": message.title,
            "description": escape(&message.detail, MAX_DESCRIPTION),
            "color": colour(message.tone),
            "fields": fields,
            "footer": { "text": format!("registrywatcher, {}", message.identity) },
            "timestamp": message.at.to_rfc3339_opts(SecondsFormat::Millis, true),
        }],
        "allowed_mentions": { "parse": [] },
    })
}

fn field(fact: &Fact) -> Value {
    let value = escape(&fact.value, MAX_VALUE);
    json!({
        "name": fact.name,
        // A field without a value makes Discord refuse the whole message.
        "value": if value.trim().is_empty() { "-" } else { &value },
        "inline": fact.short,
    })
}

fn colour(tone: Tone) -> u32 {
    match tone {
        Tone::Update => 0x00FF_A500,
        Tone::Success => 0x0000_FF00,
        Tone::Warning => 0x00FF_D700,
        Tone::Error => 0x00FF_0000,
    }
}

/// At most `limit` characters of `text`, in which nothing is Markdown or a mention any more.
fn escape(text: &str, limit: usize) -> String {
    text::write(text, limit, |character| {
        text::backslashed(character, SPECIAL)
    })
}
