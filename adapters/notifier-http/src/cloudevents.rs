//! Any HTTP endpoint: `CloudEvents` 1.0 in structured mode, signed as Standard Webhooks are.

mod envelope;
mod signature;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use registrywatcher::event::Event;
use registrywatcher::ports::{Clock, Notifier, NotifyError};
use secrecy::SecretString;
use serde::Deserialize;

use self::envelope::Instance;
use self::signature::SigningKeys;
use crate::error::SinkError;
use crate::http::{DeliveryLimits, Sink};

/// Which endpoint is told, and how it knows by whom.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CloudEventsSettings {
    /// The URL of the endpoint.
    pub url: SecretString,
    /// The secrets that each message is signed with, `whsec_…`, one signature each.
    ///
    /// There are two while one is replaced by another: a receiver that knows either accepts the message.
    pub secrets: Vec<SecretString>,
    /// Tells the events of one store from those of another, in `source` and in `id`; the same for all of its replicas.
    #[serde(default = "default_instance")]
    pub instance: String,
}

fn default_instance() -> String {
    "default".to_owned()
}

/// Tells an HTTP endpoint every event.
///
/// A message that is sent again keeps its `webhook-id`, which is also the event's `id`; its timestamp and signatures are
/// those of the attempt.
pub struct CloudEventsNotifier {
    sink: Sink,
    instance: Instance,
    keys: SigningKeys,
    clock: Arc<dyn Clock>,
}

impl CloudEventsNotifier {
    /// A notifier for an endpoint, whose URL is never shown; `clock` tells when a message is sent.
    ///
    /// A provider of cryptography must be installed before (`rustls::crypto::…::install_default`).
    pub fn new(settings: &CloudEventsSettings, clock: Arc<dyn Clock>) -> Result<Self, SinkError> {
        Ok(Self {
            sink: Sink::new(&settings.url)?,
            instance: Instance::parse(&settings.instance)?,
            keys: SigningKeys::parse(&settings.secrets)?,
            clock,
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

impl fmt::Debug for CloudEventsNotifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CloudEventsNotifier")
            .field("sink", &self.sink)
            .field("instance", &self.instance)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Notifier for CloudEventsNotifier {
    async fn deliver(&self, event: &Event) -> Result<(), NotifyError> {
        let id = self.instance.id_of(event);
        let body = envelope::write(&self.instance, event)?;
        let headers = || {
            let timestamp = self.clock.now().timestamp();
            vec![
                ("content-type", envelope::CONTENT_TYPE.to_owned()),
                ("webhook-id", id.clone()),
                ("webhook-timestamp", timestamp.to_string()),
                ("webhook-signature", self.keys.sign(&id, timestamp, &body)),
            ]
        };
        self.sink.post(&body, headers).await
    }
}
