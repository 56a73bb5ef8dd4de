use std::time::Duration;

use anyhow::Context;
use registrywatcher_client::Client;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use url::Url;

use super::show::Output;
use crate::cli::ConfigFile;
use crate::cli::ctl::Remote;
use crate::commands::config::load;
use crate::config::Environment;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the service may be silent: longer than it takes itself for any request.
const PATIENCE: Duration = Duration::from_mins(2);

/// How long a stream of events may be silent: three of its signs of life.
const PATIENCE_WITH_STREAM: Duration = Duration::from_secs(45);

/// The variable that holds a token.
const TOKEN: &str = "REGISTRYWATCHER_TOKEN";

/// The variables that say where the service is; the second one does to `healthcheck` and to the clients in `sdk/` as well.
const URLS: [&str; 2] = ["REGISTRYWATCHER_SERVER", "REGISTRYWATCHER_URL"];

/// A running service, and how its answers are told.
pub(super) struct Service {
    pub(super) client: Client,
    /// For answers that do not end.
    pub(super) streams: Client,
    pub(super) output: Output,
}

impl Service {
    /// The service that the arguments or the environment name, or that the configuration describes.
    pub(super) fn of(
        remote: &Remote,
        output: Output,
        environment: &Environment,
    ) -> anyhow::Result<Self> {
        let url = url(remote, environment)?;
        let url = url.as_str().trim_end_matches('/');
        let headers = headers(token(remote, environment)?.as_deref())?;
        let client = |silence| {
            let http = reqwest::Client::builder()
                .default_headers(headers.clone())
                .connect_timeout(CONNECT_TIMEOUT)
                .read_timeout(silence)
                // The API never sends anybody elsewhere; a demand must not become a GET on its way.
                .redirect(Policy::none())
                .no_proxy()
                .build()?;
            anyhow::Ok(Client::new_with_client(url, http))
        };
        Ok(Self {
            client: client(PATIENCE)?,
            streams: client(PATIENCE_WITH_STREAM)?,
            output,
        })
    }
}

fn url(remote: &Remote, environment: &Environment) -> anyhow::Result<Url> {
    let mut variables = URLS.iter();
    let url = if let Some(url) = &remote.server {
        url.clone()
    } else if let Some((name, url)) =
        variables.find_map(|name| Some((name, environment.get(name)?)))
    {
        url.parse().context(*name)?
    } else {
        let file = ConfigFile {
            config: remote.config.clone(),
        };
        load(&file, environment)?
            .config
            .server
            .local_url()
            .parse()?
    };
    anyhow::ensure!(
        matches!(url.scheme(), "http" | "https"),
        "the service is at a URL such as http://127.0.0.1:8080, not at one that begins with `{}:`",
        url.scheme()
    );
    Ok(url)
}

fn token(remote: &Remote, environment: &Environment) -> anyhow::Result<Option<String>> {
    let Some(file) = &remote.token_file else {
        return Ok(environment.get(TOKEN).map(str::to_owned));
    };
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("--token-file: cannot read {}", file.display()))?;
    Ok(Some(text.trim().to_owned()))
}

fn headers(token: Option<&str>) -> anyhow::Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    if let Some(token) = token {
        let mut value = HeaderValue::try_from(format!("Bearer {token}"))
            .context("the token has characters that no token has")?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    Ok(headers)
}
