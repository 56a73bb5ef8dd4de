//! Mattermost's incoming webhooks.

#[cfg(test)]
mod tests;

use async_trait::async_trait;
use registrywatcher::event::Event;
use registrywatcher::ports::{Notifier, NotifyError};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::attachment;
use crate::error::SinkError;
use crate::http::{DeliveryLimits, Sink};
use crate::message::Message;
use crate::text;

/// What Markdown gives a meaning; what stands for `&`, `<` and `>` is in the text already.
const SPECIAL: &str = "\\`*_~[]#|";

/// Which channel is told.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MattermostSettings {
    /// The URL of an incoming webhook, `https://<host>/hooks/…`.
    pub webhook_url: SecretString,
    /// Another channel than that of the webhook, by the name in its URL, where the webhook is not locked to one.
    #[serde(default)]
    pub channel: Option<String>,
}

/// Tells a Mattermost incoming webhook how deployments go and what somebody should look at.
#[derive(Debug)]
pub struct MattermostNotifier {
    sink: Sink,
    channel: Option<String>,
}

impl MattermostNotifier {
    /// A notifier for a webhook, whose URL is itself the permission to post and never shown.
    ///
    /// A provider of cryptography must be installed before (`rustls::crypto::…::install_default`).
    pub fn new(settings: MattermostSettings) -> Result<Self, SinkError> {
        Ok(Self {
            sink: Sink::new(&settings.webhook_url)?,
            channel: settings.channel,
        })
    }

    /// The same notifier, with other limits.
    #[must_use]
    pub fn with_limits(self, limits: DeliveryLimits) -> Self {
        Self {
            sink: self.sink.with_limits(limits),
            ..self
        }
    }
}

#[async_trait]
impl Notifier for MattermostNotifier {
    async fn deliver(&self, event: &Event) -> Result<(), NotifyError> {
        match Message::of(event) {
            Some(message) => {
                let body = body(&message, self.channel.as_deref());
                self.sink.post_json(&body).await
            }
            None => Ok(()),
        }
    }
}

fn body(message: &Message, channel: Option<&str>) -> Value {
    let mut body = attachment::build(message, escape);
    if let Some(channel) = channel {
        body["channel"] = json!(channel);
    }
    body
}

/// At most `limit` characters of `text`, in which nothing is Markdown or a mention any more.
///
/// Webhooks take Slack's commands as well (`<!channel>`, `<https://…|text>`), and entities as Markdown does; a backslash
/// before `<` is no escape to every client of Mattermost.
fn escape(text: &str, limit: usize) -> String {
    text::write(text, limit, |character| match character {
        '&' | '<' | '>' => text::with_entities(character),
        other => text::backslashed(other, SPECIAL),
    })
}
