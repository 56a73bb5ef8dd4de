//! Slack's incoming webhooks, and those of Mattermost and Rocket.Chat, which take the same form.

mod payload;

use async_trait::async_trait;
use registrywatcher::event::Event;
use registrywatcher::ports::{Notifier, NotifyError};
use secrecy::SecretString;

use crate::http::{DeliveryLimits, Sink, SinkError};
use crate::message::Message;

/// Tells a Slack incoming webhook when a deployment starts, succeeds, fails or is given up.
#[derive(Debug)]
pub struct SlackNotifier {
    sink: Sink,
}

impl SlackNotifier {
    /// A notifier for the webhook at `url`, which is itself the permission to post and never shown.
    ///
    /// A provider of cryptography must be installed before (`rustls::crypto::…::install_default`).
    pub fn new(url: SecretString) -> Result<Self, SinkError> {
        Ok(Self {
            sink: Sink::new(url)?,
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
impl Notifier for SlackNotifier {
    async fn deliver(&self, event: &Event) -> Result<(), NotifyError> {
        match Message::of(event) {
            Some(message) => {
                self.sink
                    .post_json(payload::build(&message).to_string())
                    .await
            }
            None => Ok(()),
        }
    }
}
