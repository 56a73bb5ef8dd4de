//! Microsoft Teams, through a webhook of Workflows (Power Automate).

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

/// Limits of ours, in characters: Teams drops a message of more than 28 KB, and each of these may take four bytes.
const MAX_HEADLINE: usize = 500;
const MAX_DETAIL: usize = 2000;
const MAX_VALUE: usize = 300;
const MAX_FACTS: usize = 8;

/// What the Markdown of an Adaptive Card gives a meaning: emphasis and links.
const SPECIAL: &str = "\\*_[]";

/// Which channel or chat is told.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeamsSettings {
    /// The URL of the trigger "When a Teams webhook request is received" of a workflow.
    ///
    /// Connectors of Office 365 (`*.webhook.office.com`) are retired and take another form.
    pub webhook_url: SecretString,
}

/// Tells a workflow of Microsoft Teams how deployments go and what somebody should look at.
///
/// A workflow answers before it has posted the card: what goes wrong later stands in its run history alone.
#[derive(Debug)]
pub struct TeamsNotifier {
    sink: Sink,
}

impl TeamsNotifier {
    /// A notifier for a workflow, whose URL is itself the permission to post and never shown.
    ///
    /// A provider of cryptography must be installed before (`rustls::crypto::…::install_default`).
    pub fn new(settings: TeamsSettings) -> Result<Self, SinkError> {
        let TeamsSettings { webhook_url } = settings;
        Ok(Self {
            sink: Sink::new(&webhook_url)?,
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
impl Notifier for TeamsNotifier {
    async fn deliver(&self, event: &Event) -> Result<(), NotifyError> {
        match Message::of(event) {
            Some(message) => self.sink.post_json(&body(&message)).await,
            None => Ok(()),
        }
    }
}

/// The envelope that Workflows expect around a card.
fn body(message: &Message) -> Value {
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": card(message),
        }],
    })
}

fn card(message: &Message) -> Value {
    let mut blocks = vec![
        json!({
            "type": "TextBlock",
            "text": message.title,
            "size": "Large",
            "weight": "Bolder",
            "color": colour(message.tone),
            "wrap": true,
        }),
        text_block(&escape(&message.headline, MAX_HEADLINE)),
    ];
    if !message.detail.is_empty() {
        blocks.push(text_block(&escape(&message.detail, MAX_DETAIL)));
    }
    if !message.facts.is_empty() {
        let facts: Vec<Value> = message.facts.iter().take(MAX_FACTS).map(fact).collect();
        blocks.push(json!({ "type": "FactSet", "facts": facts }));
    }
    blocks.push(footer(message));
    json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": escape(&message.headline, MAX_HEADLINE),
        "body": blocks,
        "msteams": { "width": "Full" },
    })
}

fn text_block(text: &str) -> Value {
    json!({ "type": "TextBlock", "text": text, "wrap": true })
}

fn fact(fact: &Fact) -> Value {
    json!({ "title": fact.name, "value": escape(&fact.value, MAX_VALUE) })
}

/// Which event it is and when it happened, in the reader's own time.
fn footer(message: &Message) -> Value {
    let at = message.at.to_rfc3339_opts(SecondsFormat::Secs, true);
    json!({
        "type": "TextBlock",
        "text": format!(
            "registrywatcher, {}, {{{{DATE({at}, SHORT)}}}} {{{{TIME({at})}}}}",
            message.identity
        ),
        "size": "Small",
        "isSubtle": true,
        "wrap": true,
    })
}

fn colour(tone: Tone) -> &'static str {
    match tone {
        Tone::Update => "Accent",
        Tone::Success => "Good",
        Tone::Warning => "Warning",
        Tone::Error => "Attention",
    }
}

/// At most `limit` characters of `text`, in which nothing is Markdown any more and each line stands alone.
fn escape(text: &str, limit: usize) -> String {
    text::write(text, limit, |character| match character {
        '\n' => "\n\n".to_owned(),
        other => text::backslashed(other, SPECIAL),
    })
}
