use std::path::PathBuf;

use poem::http::{HeaderName, HeaderValue};
use secrecy::SecretString;
use serde::Deserialize;
use toml::Value;
use url::{Host, Url};

use super::document::Document;
use super::fault::Findings;
use super::key::Key;
use super::secret::{REDACTED, Secret};

/// The section `[telemetry]`, where a collector is named: who is sent a trace of each deployment.
#[derive(Debug, Clone, PartialEq)]
pub struct TelemetryConfig {
    /// The base URL of the collector, as OTLP over HTTP has it.
    pub otlp_endpoint: Url,
    /// What is presented to it: headers, one a line.
    pub otlp_headers: Option<Secret>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Wire {
    #[serde(rename = "otlp_endpoint")]
    endpoint: Option<String>,
    #[serde(rename = "otlp_headers")]
    headers: Option<Vec<SecretString>>,
    #[serde(rename = "otlp_headers_file")]
    headers_file: Option<PathBuf>,
}

impl Wire {
    pub(super) fn check(self, at: &Key, findings: &mut Findings<'_>) -> Option<TelemetryConfig> {
        let has_headers = self.headers.is_some() || self.headers_file.is_some();
        let headers = headers(self.headers, self.headers_file, at, findings);
        let key = at.child("otlp_endpoint");
        let Some(text) = self.endpoint else {
            if has_headers {
                let problem = "missing, although headers for it are given; add it, such as `http://127.0.0.1:4318`";
                findings.fault(&key, problem);
            }
            return None;
        };
        let endpoint = findings.accept(&key, endpoint(&text))?;
        if has_headers && endpoint.scheme() == "http" && !is_loopback(&endpoint) {
            findings.warn(&key, "the headers are sent in the clear; use `https://`");
        }
        Some(TelemetryConfig {
            otlp_endpoint: endpoint,
            otlp_headers: headers,
        })
    }
}

fn endpoint(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).ok();
    let url = url.filter(|url| matches!(url.scheme(), "http" | "https"));
    let url = url.ok_or("expected the base URL of a collector, such as `http://127.0.0.1:4318`")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the URL holds a login; write it as one of `otlp_headers` instead");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("expected a base URL, which ends with its path; `/v1/traces` is appended");
    }
    Ok(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// The headers as one secret, a line each, as they stand in a file.
fn headers(
    list: Option<Vec<SecretString>>,
    file: Option<PathBuf>,
    at: &Key,
    findings: &mut Findings<'_>,
) -> Option<Secret> {
    let headers = Secret::take_lines(findings, at, "otlp_headers", list, file)?;
    if headers.expose().lines().any(|line| header(line).is_none()) {
        let key = at.child("otlp_headers");
        let key = headers.key(key);
        findings.fault(
            &key,
            "expected headers as `name: value`, one a line in a file",
        );
        return None;
    }
    Some(headers)
}

fn header(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(':')?;
    let (name, value) = (name.trim(), value.trim());
    let is_sound = HeaderName::try_from(name).is_ok() && HeaderValue::try_from(value).is_ok();
    (is_sound && !value.is_empty()).then(|| (name.to_ascii_lowercase(), value.to_owned()))
}

impl TelemetryConfig {
    /// Where traces are posted.
    pub(crate) fn traces_url(&self) -> String {
        let base = self.otlp_endpoint.as_str().trim_end_matches('/');
        format!("{base}/v1/traces")
    }

    /// The names and values of the headers.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (String, String)> {
        let secret = self.otlp_headers.as_ref().map(Secret::expose);
        secret.into_iter().flat_map(str::lines).filter_map(header)
    }

    pub(super) fn write(&self, document: &mut Document) {
        document.section(&["telemetry"]);
        document.pair("otlp_endpoint", self.otlp_endpoint.as_str());
        match &self.otlp_headers {
            Some(headers) if headers.file().is_some() => document.secret("otlp_headers", headers),
            Some(headers) => {
                let names = headers.expose().lines().filter_map(header);
                let redacted = names.map(|(name, _)| Value::from(format!("{name}: {REDACTED}")));
                document.pair("otlp_headers", redacted.collect::<Vec<_>>());
            }
            None => {}
        }
    }
}
