//! `healthcheck`: for containers, whose images have no shell and no curl.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use url::Url;

use crate::cli::Healthcheck;
use crate::commands::config::load;
use crate::config::Environment;

/// Exits with 0 if the service answers that it is alive.
pub(crate) async fn run(args: &Healthcheck, environment: &Environment) -> anyhow::Result<ExitCode> {
    let url: Url = match &args.url {
        Some(url) => url.clone(),
        None => load(&args.file, environment)?
            .config
            .server
            .local_url()
            .parse()?,
    };
    let url = url.join("healthz").context("--url")?;
    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(5))
        .no_proxy()
        .build()?;
    let answer = client
        .get(url)
        .send()
        .await
        .context("the service does not answer")?;
    anyhow::ensure!(
        answer.status().is_success(),
        "the service answers {}",
        answer.status()
    );
    Ok(ExitCode::SUCCESS)
}
