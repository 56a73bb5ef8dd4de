use std::path::PathBuf;

use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use super::document::Document;
use super::fault::Findings;
use super::key::Key;
use super::secret::{REDACTED, Secret};

/// The section `[notifications]`: who is told what happens.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NotificationsConfig {
    /// A Slack channel, if one is told.
    pub slack: Option<SlackConfig>,
}

/// An incoming webhook of Slack.
#[derive(Debug, Clone, PartialEq)]
pub struct SlackConfig {
    /// Its URL; whoever knows it can post.
    pub webhook_url: Secret,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Wire {
    slack: Option<SlackWire>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct SlackWire {
    webhook_url: Option<SecretString>,
    webhook_url_file: Option<PathBuf>,
}

impl Wire {
    pub(super) fn check(
        self,
        at: &Key,
        findings: &mut Findings<'_>,
    ) -> Option<NotificationsConfig> {
        let slack = match self.slack {
            Some(slack) => Some(slack.check(&at.child("slack"), findings)?),
            None => None,
        };
        Some(NotificationsConfig { slack })
    }
}

impl SlackWire {
    fn check(self, at: &Key, findings: &mut Findings<'_>) -> Option<SlackConfig> {
        let url = Secret::take(
            findings,
            at,
            "webhook_url",
            self.webhook_url,
            self.webhook_url_file,
        );
        let url = findings.require(
            at,
            url,
            "neither `webhook_url` nor `webhook_url_file` is given",
        )?;
        let key = at.child(if url.file().is_some() {
            "webhook_url_file"
        } else {
            "webhook_url"
        });
        let is_web =
            Url::parse(url.expose()).is_ok_and(|url| matches!(url.scheme(), "https" | "http"));
        if !is_web {
            findings.fault(&key, "expected a URL that starts with `https://`");
            return None;
        }
        Some(SlackConfig { webhook_url: url })
    }
}

impl NotificationsConfig {
    pub(super) fn write(&self, document: &mut Document) {
        if let Some(slack) = &self.slack {
            document.section(&["notifications", "slack"]);
            document.secret_as("webhook_url", &slack.webhook_url, origin_alone);
        }
    }
}

fn origin_alone(url: &str) -> String {
    let origin = Url::parse(url).map(|url| url.origin().ascii_serialization());
    origin.map_or_else(
        |_| REDACTED.to_owned(),
        |origin| format!("{origin}/{REDACTED}"),
    )
}
