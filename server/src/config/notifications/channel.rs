use std::path::PathBuf;

use secrecy::SecretString;
use toml::Value;
use url::Url;

use super::{Kind, Wire};
use crate::config::document::Document;
use crate::config::fault::Findings;
use crate::config::key::Key;
use crate::config::secret::{REDACTED, Secret};

/// What a secret of Standard Webhooks begins with.
const SECRET_PREFIX: &str = "whsec_";

/// How somebody is told. Whoever knows one of the addresses can post there.
#[derive(Debug, Clone, PartialEq)]
pub enum Channel {
    /// An incoming webhook of Slack.
    Slack {
        /// Its URL.
        webhook_url: Secret,
    },
    /// A workflow of Microsoft Teams.
    Teams {
        /// The URL of its trigger.
        webhook_url: Secret,
    },
    /// A webhook of Discord.
    Discord {
        /// Its URL.
        webhook_url: Secret,
    },
    /// An incoming webhook of Mattermost.
    Mattermost {
        /// Its URL.
        webhook_url: Secret,
        /// Another channel than that of the webhook.
        channel: Option<String>,
    },
    /// Any endpoint that takes `CloudEvents`, signed as Standard Webhooks are.
    Http {
        /// Its URL.
        url: Secret,
        /// What each message is signed with, one a line.
        secrets: Secret,
        /// Tells the events of one store from those of another.
        instance: String,
    },
}

/// Takes what `kind` needs, and refuses what belongs to another.
pub(super) fn check(
    kind: Kind,
    mut wire: Wire,
    at: &Key,
    findings: &mut Findings<'_>,
) -> Option<Channel> {
    let is_sound = refuse_others(kind, &wire, at, findings);
    let (name, given) = match kind {
        Kind::Http => ("url", (wire.url.take(), wire.url_file.take())),
        _ => (
            "webhook_url",
            (wire.webhook_url.take(), wire.webhook_url_file.take()),
        ),
    };
    let address = address(name, given, at, findings);
    let channel = match kind {
        Kind::Slack => Channel::Slack {
            webhook_url: address?,
        },
        Kind::Teams => Channel::Teams {
            webhook_url: address?,
        },
        Kind::Discord => Channel::Discord {
            webhook_url: address?,
        },
        Kind::Mattermost => Channel::Mattermost {
            webhook_url: address?,
            channel: wire.channel,
        },
        Kind::Http => {
            let secrets = secrets(wire.secrets, wire.secrets_file, at, findings);
            let instance = instance(wire.instance, at, findings);
            Channel::Http {
                url: address?,
                secrets: secrets?,
                instance: instance?,
            }
        }
    };
    is_sound.then_some(channel)
}

fn refuse_others(kind: Kind, wire: &Wire, at: &Key, findings: &mut Findings<'_>) -> bool {
    let is_http = kind == Kind::Http;
    let misfits = [
        ("webhook_url", wire.webhook_url.is_some() && is_http),
        (
            "webhook_url_file",
            wire.webhook_url_file.is_some() && is_http,
        ),
        (
            "channel",
            wire.channel.is_some() && kind != Kind::Mattermost,
        ),
        ("url", wire.url.is_some() && !is_http),
        ("url_file", wire.url_file.is_some() && !is_http),
        ("secrets", wire.secrets.is_some() && !is_http),
        ("secrets_file", wire.secrets_file.is_some() && !is_http),
        ("instance", wire.instance.is_some() && !is_http),
    ];
    let mut is_sound = true;
    for (name, _) in misfits.into_iter().filter(|(_, is_misfit)| *is_misfit) {
        let problem = format!(
            "is no setting of a sink of kind `{}`; leave it out",
            kind.name()
        );
        findings.fault(&at.child(name), problem);
        is_sound = false;
    }
    is_sound
}

fn address(
    name: &str,
    (url, file): (Option<SecretString>, Option<PathBuf>),
    at: &Key,
    findings: &mut Findings<'_>,
) -> Option<Secret> {
    let url = Secret::take(findings, at, name, url, file);
    let problem = format!("missing; give `{name}` or `{name}_file`");
    let key = at.child(name);
    let url = findings.require(&key, url, problem)?;
    let is_web = Url::parse(url.expose()).is_ok_and(|url| matches!(url.scheme(), "https" | "http"));
    if !is_web {
        let key = url.key(key);
        findings.fault(&key, "expected a URL that starts with `https://`");
        return None;
    }
    Some(url)
}

/// The secrets as one, a line each, as they stand in a file.
fn secrets(
    list: Option<Vec<SecretString>>,
    file: Option<PathBuf>,
    at: &Key,
    findings: &mut Findings<'_>,
) -> Option<Secret> {
    let secrets = Secret::take_lines(findings, at, "secrets", list, file);
    let key = at.child("secrets");
    let problem = "missing; give `secrets = [\"whsec_…\"]`, made of 24 to 64 random bytes in base64, or `secrets_file`";
    let secrets = findings.require(&key, secrets, problem)?;
    let mut lines = secrets.expose().lines();
    if !lines.all(|line| line.trim().starts_with(SECRET_PREFIX)) {
        let key = secrets.key(key);
        let problem = "expected secrets that start with `whsec_`, as Standard Webhooks have them";
        findings.fault(&key, problem);
        return None;
    }
    Some(secrets)
}

fn instance(given: Option<String>, at: &Key, findings: &mut Findings<'_>) -> Option<String> {
    let instance = given.unwrap_or_else(|| "default".to_owned());
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !(1..=64).contains(&instance.len()) || !instance.chars().all(is_plain) {
        let problem = "expected 1 to 64 letters, digits, `-` and `_`";
        findings.fault(&at.child("instance"), problem);
        return None;
    }
    Some(instance)
}

impl Channel {
    /// The secrets that messages to an HTTP endpoint are signed with.
    pub(crate) fn signing_secrets(secrets: &Secret) -> Vec<SecretString> {
        let lines = secrets.expose().lines();
        lines.map(|line| SecretString::from(line.trim())).collect()
    }

    pub(super) fn write(&self, document: &mut Document) {
        let kind = match self {
            Self::Slack { .. } => Kind::Slack,
            Self::Teams { .. } => Kind::Teams,
            Self::Discord { .. } => Kind::Discord,
            Self::Mattermost { .. } => Kind::Mattermost,
            Self::Http { .. } => Kind::Http,
        };
        document.pair("kind", kind.name());
        match self {
            Self::Slack { webhook_url }
            | Self::Teams { webhook_url }
            | Self::Discord { webhook_url }
            | Self::Mattermost { webhook_url, .. } => {
                document.secret_as("webhook_url", webhook_url, origin_alone);
            }
            Self::Http {
                url,
                secrets,
                instance,
            } => {
                document.secret_as("url", url, origin_alone);
                write_secrets(secrets, document);
                document.pair("instance", instance.as_str());
            }
        }
        if let Self::Mattermost {
            channel: Some(channel),
            ..
        } = self
        {
            document.pair("channel", channel.as_str());
        }
    }
}

fn write_secrets(secrets: &Secret, document: &mut Document) {
    if secrets.file().is_some() {
        document.secret("secrets", secrets);
        return;
    }
    let lines = secrets.expose().lines();
    let redacted: Vec<Value> = lines
        .map(|_| Value::from(format!("{SECRET_PREFIX}{REDACTED}")))
        .collect();
    document.pair("secrets", redacted);
}

fn origin_alone(url: &str) -> String {
    let origin = Url::parse(url).map(|url| url.origin().ascii_serialization());
    origin.map_or_else(
        |_| REDACTED.to_owned(),
        |origin| format!("{origin}/{REDACTED}"),
    )
}
