use serde::Deserialize;
use tracing_subscriber::EnvFilter;

use super::document::Document;
use super::fault::Findings;
use super::key::Key;

/// The section `[log]`: what is told, and in which form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogConfig {
    /// For people or for machines.
    pub format: LogFormat,
    /// Which records are kept, in the syntax of `tracing`'s `EnvFilter`; it was checked.
    pub filter: String,
}

/// The form of a log record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// A line for people.
    Text,
    /// A JSON object a line.
    Json,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Wire {
    format: Option<LogFormat>,
    filter: Option<String>,
}

impl Wire {
    pub(super) fn check(self, at: &Key, findings: &mut Findings<'_>) -> Option<LogConfig> {
        let format = findings.require(&at.child("format"), self.format, "missing");
        let key = at.child("filter");
        let filter = findings
            .require(&key, self.filter, "missing")
            .and_then(|filter| {
                let checked = EnvFilter::builder().parse(&filter).map(|_| filter);
                findings.accept(
                    &key,
                    checked.map_err(|error| format!("expected a filter such as `info`: {error}")),
                )
            });
        Some(LogConfig {
            format: format?,
            filter: filter?,
        })
    }
}

impl LogConfig {
    pub(super) fn write(&self, document: &mut Document) {
        document.section(&["log"]);
        document.pair(
            "format",
            match self.format {
                LogFormat::Text => "text",
                LogFormat::Json => "json",
            },
        );
        document.pair("filter", self.filter.as_str());
    }
}
