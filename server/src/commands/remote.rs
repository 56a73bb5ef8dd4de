//! Asks a running service over its API.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use anyhow::Context;
use reqwest::{Client, Method};
use serde::Serialize;
use serde_json::Value;
use url::Url;

use crate::cli::Remote;
use crate::commands::config::load;
use crate::config::Environment;

/// Long enough for a command that makes the service ask a registry first.
const PATIENCE: Duration = Duration::from_mins(1);

/// The variable that holds a token.
const TOKEN: &str = "REGISTRYWATCHER_TOKEN";

/// A running service.
pub(super) struct Service {
    client: Client,
    url: Url,
    token: Option<String>,
}

impl Service {
    /// The service that the arguments name, or that the configuration describes.
    pub(super) fn of(remote: &Remote, environment: &Environment) -> anyhow::Result<Self> {
        let url = if let Some(url) = &remote.server {
            url.clone()
        } else {
            let config = load(&remote.config, environment)?.config;
            local(config.server.listen).parse()?
        };
        let token = match &remote.token_file {
            Some(file) => {
                let text = std::fs::read_to_string(file)
                    .with_context(|| format!("--token-file: cannot read {}", file.display()))?;
                Some(text.trim().to_owned())
            }
            None => environment.get(TOKEN).map(str::to_owned),
        };
        let client = Client::builder().timeout(PATIENCE).no_proxy().build()?;
        Ok(Self { client, url, token })
    }

    /// What a route answers, `Null` where it has nothing to say; what it refuses is an error in its words.
    pub(super) async fn call<B: Serialize + Sync>(
        &self,
        method: Method,
        path: &[&str],
        body: Option<&B>,
    ) -> anyhow::Result<Value> {
        let mut request = self.client.request(method, self.route(path)?);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await;
        let answer = answer.with_context(|| format!("{} does not answer", self.origin()))?;
        let status = answer.status();
        let text = answer.text().await.context("the answer breaks off")?;
        let read = serde_json::from_str::<Value>(&text).ok();
        if status.is_success() {
            return Ok(read.unwrap_or_default());
        }
        match read.as_ref().and_then(|problem| problem["detail"].as_str()) {
            Some(detail) => anyhow::bail!("{detail}"),
            None => anyhow::bail!("{} answers {status}", self.origin()),
        }
    }

    /// As [`Self::call`], with nothing to say.
    pub(super) async fn ask(&self, method: Method, path: &[&str]) -> anyhow::Result<Value> {
        self.call(method, path, None::<&()>).await
    }

    fn route(&self, path: &[&str]) -> anyhow::Result<Url> {
        let mut url = self.url.clone();
        url.path_segments_mut()
            .ok()
            .context("--server: expected a URL such as http://127.0.0.1:8080")?
            .pop_if_empty()
            .extend(["api", "v1"].iter().chain(path));
        Ok(url)
    }

    fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }
}

/// How a service that listens on `listen` is reached from the same machine.
fn local(listen: SocketAddr) -> String {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(ip, listen.port()))
}

/// A text inside an answer.
pub(super) fn text<'a>(answer: &'a Value, key: &str) -> &'a str {
    answer[key].as_str().unwrap_or("?")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_on_all_addresses_is_reached_on_the_loopback_one() {
        for (listen, url) in [
            ("0.0.0.0:8080", "http://127.0.0.1:8080"),
            ("[::]:8080", "http://[::1]:8080"),
            ("10.0.0.1:80", "http://10.0.0.1:80"),
        ] {
            assert_eq!(local(listen.parse().unwrap()), url);
        }
    }
}
