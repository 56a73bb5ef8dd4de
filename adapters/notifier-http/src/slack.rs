//! Slack's incoming webhooks, and those of Rocket.Chat, which take the same form.

#[cfg(test)]
mod tests;

use async_trait::async_trait;
use registrywatcher::event::Event;
use registrywatcher::ports::{Notifier, NotifyError};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;

use crate::attachment;
use crate::error::SinkError;
use crate::http::{DeliveryLimits, Sink};
use crate::message::Message;
use crate::text;

/// Which channel is told.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlackSettings {
    /// The URL of an incoming webhook, `https://hooks.slack.com/services/…`.
    pub webhook_url: SecretString,
}

/// Tells a Slack incoming webhook how deployments go and what somebody should look at.
#[derive(Debug)]
pub struct SlackNotifier {
    sink: Sink,
}

impl SlackNotifier {
    /// A notifier for a webhook, whose URL is itself the permission to post and never shown.
    ///
    /// A provider of cryptography must be installed before (`rustls::crypto::…::install_default`).
    pub fn new(settings: impl Into<SlackSettings>) -> Result<Self, SinkError> {
        let SlackSettings { webhook_url } = settings.into();
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

impl From<SecretString> for SlackSettings {
    fn from(webhook_url: SecretString) -> Self {
        Self { webhook_url }
    }
}

#[async_trait]
impl Notifier for SlackNotifier {
    async fn deliver(&self, event: &Event) -> Result<(), NotifyError> {
        match Message::of(event) {
            Some(message) => self.sink.post_json(&body(&message)).await,
            None => Ok(()),
        }
    }
}

fn body(message: &Message) -> Value {
    attachment::build(message, escape)
}

/// At most `limit` characters of `text`, in which nothing is a command such as `<!channel>` or `@channel` any more.
///
/// Slack wants `&`, `<` and `>` escaped and nothing else ("Formatting text for app surfaces").
fn escape(text: &str, limit: usize) -> String {
    text::write(text, limit, text::with_entities)
}
