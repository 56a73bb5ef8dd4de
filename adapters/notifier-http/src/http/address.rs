#[cfg(test)]
mod tests;

use std::net::IpAddr;

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use crate::error::SinkError;

/// Shorter parts of an address, such as `v1` or `hook`, are no secret, and stand in many an innocent text.
const SHORTEST_SECRET: usize = 8;

/// A webhook's URL: whoever knows it can post, so it is shown nowhere.
#[derive(Debug)]
pub(super) struct Address {
    url: SecretString,
    host: SecretString,
    is_loopback: bool,
}

impl Address {
    /// Takes an `https` address; `http` is enough where nothing leaves this machine.
    pub(super) fn parse(url: &SecretString) -> Result<Self, SinkError> {
        let url: Url = url
            .expose_secret()
            .parse()
            .map_err(|_| SinkError::NotAUrl)?;
        let host = url.host_str().ok_or(SinkError::NotAUrl)?.to_owned();
        let is_loopback = is_loopback(&host);
        if url.scheme() != "https" && !(url.scheme() == "http" && is_loopback) {
            return Err(SinkError::Insecure {
                scheme: url.scheme().to_owned(),
            });
        }
        Ok(Self {
            url: String::from(url).into(),
            host: host.into(),
            is_loopback,
        })
    }

    /// The same address with one more part in its query, unless it has a part of that name.
    pub(super) fn with_query(self, name: &str, value: &str) -> Self {
        let Ok(mut url) = self.expose().parse::<Url>() else {
            return self;
        };
        if !url.query_pairs().any(|(known, _)| known == name) {
            url.query_pairs_mut().append_pair(name, value);
        }
        Self {
            url: String::from(url).into(),
            ..self
        }
    }

    pub(super) fn expose(&self) -> &str {
        self.url.expose_secret()
    }

    pub(super) fn is_loopback(&self) -> bool {
        self.is_loopback
    }

    /// Whether `text` has the host or a part of the address in it, or is made of words that are parts of the address.
    pub(super) fn is_named_in(&self, text: &str) -> bool {
        let address = self.expose();
        let parts = address.split(['/', '?', '&', '=', '#']);
        let words = text.split(|c: char| c.is_whitespace() || matches!(c, '"' | '`' | '('));
        let is_long = |part: &&str| part.len() >= SHORTEST_SECRET;
        text.contains(self.host.expose_secret())
            || parts.filter(is_long).any(|part| text.contains(part))
            || words.filter(is_long).any(|word| address.contains(word))
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost"
        || bare
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}
