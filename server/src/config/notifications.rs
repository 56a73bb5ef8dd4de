mod channel;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use registrywatcher::event::{EventKind, Route, Severity};
use registrywatcher::text::suggest;
use registrywatcher::watch::WatchName;
use secrecy::SecretString;
use serde::Deserialize;
use toml::Value;

use super::document::Document;
use super::fault::Findings;
use super::key::Key;
use super::scalar::Switch;
use super::watches::Names;

pub use channel::Channel;

/// A section `[notifications.<name>]`: somebody who is told what happens.
#[derive(Debug, Clone, PartialEq)]
pub struct SinkConfig {
    /// How they are reached.
    pub channel: Channel,
    /// What they are told.
    pub route: Route,
}

/// Every key that any kind of sink has.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Wire {
    kind: Option<Kind>,
    webhook_url: Option<SecretString>,
    webhook_url_file: Option<PathBuf>,
    channel: Option<String>,
    url: Option<SecretString>,
    url_file: Option<PathBuf>,
    secrets: Option<Vec<SecretString>>,
    secrets_file: Option<PathBuf>,
    instance: Option<String>,
    watches: Option<Vec<String>>,
    kinds: Option<Vec<String>>,
    severity: Option<Severity>,
    repeats: Option<Switch>,
}

/// The kinds of sink.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Slack,
    Teams,
    Discord,
    Mattermost,
    Http,
}

const KINDS: [Kind; 5] = [
    Kind::Slack,
    Kind::Teams,
    Kind::Discord,
    Kind::Mattermost,
    Kind::Http,
];

pub(super) fn check(
    wires: BTreeMap<String, Wire>,
    watches: &Names,
    at: &Key,
    findings: &mut Findings<'_>,
) -> BTreeMap<String, SinkConfig> {
    let mut sinks = BTreeMap::new();
    for (name, wire) in wires {
        let key = at.child(&name);
        // The same letters as of all names, since it stands in addresses of the API as well.
        if name.parse::<WatchName>().is_err() {
            findings.fault(
                &key,
                "cannot name a sink; use letters, digits, `.`, `_` and `-`, and begin with a letter or digit",
            );
        }
        if let Some(sink) = wire.check(&name, watches, &key, findings) {
            sinks.insert(name, sink);
        }
    }
    sinks
}

impl Wire {
    fn check(
        mut self,
        name: &str,
        watches: &Names,
        at: &Key,
        findings: &mut Findings<'_>,
    ) -> Option<SinkConfig> {
        let route = self.route(watches, at, findings);
        let problem =
            "missing; write `kind = \"slack\"`, or `teams`, `discord`, `mattermost` or `http`";
        // A section such as `[notifications.slack]` says it by its name.
        let kind = self
            .kind
            .or_else(|| KINDS.into_iter().find(|kind| kind.name() == name));
        let kind = findings.require(&at.child("kind"), kind, problem)?;
        let channel = channel::check(kind, self, at, findings);
        Some(SinkConfig {
            channel: channel?,
            route: route?,
        })
    }

    fn route(&mut self, watches: &Names, at: &Key, findings: &mut Findings<'_>) -> Option<Route> {
        let mut patterns = Vec::new();
        let mut is_sound = true;
        for (index, text) in self.watches.take().into_iter().flatten().enumerate() {
            let key = at.child("watches").child(index);
            let Some(pattern) = findings.parse::<registrywatcher::event::NamePattern>(&key, &text)
            else {
                is_sound = false;
                continue;
            };
            if !watches.may_fit(&pattern) {
                findings.warn(&key, format!("`{pattern}` is the name of no watch"));
            }
            patterns.push(pattern);
        }
        let mut kinds = BTreeSet::new();
        for (index, kind) in self.kinds.take().into_iter().flatten().enumerate() {
            if !EventKind::NAMES.contains(&kind.as_str()) {
                let hint = suggest(&kind, EventKind::NAMES);
                let key = at.child("kinds").child(index);
                findings.fault(&key, format!("`{kind}` is no kind of event; {hint}"));
                is_sound = false;
            }
            kinds.insert(kind);
        }
        is_sound.then(|| Route {
            watches: patterns,
            kinds,
            severity: self.severity.unwrap_or(Severity::Info),
            repeats: self.repeats.is_some_and(|Switch(on)| on),
        })
    }
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::Teams => "teams",
            Self::Discord => "discord",
            Self::Mattermost => "mattermost",
            Self::Http => "http",
        }
    }
}

impl SinkConfig {
    pub(super) fn write(&self, name: &str, document: &mut Document) {
        document.section(&["notifications", name]);
        self.channel.write(document);
        let texts = |texts: Vec<String>| Value::from(texts);
        let watches = self.route.watches.iter().map(ToString::to_string);
        document.pair("watches", texts(watches.collect()));
        document.pair("kinds", texts(self.route.kinds.iter().cloned().collect()));
        document.pair(
            "severity",
            match self.route.severity {
                Severity::Info => "info",
                Severity::Warning => "warning",
                Severity::Error => "error",
            },
        );
        document.pair("repeats", self.route.repeats);
    }
}
