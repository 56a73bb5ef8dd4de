use std::time::Duration;

use registrywatcher::app::{App, Asked};

use crate::ServerInfo;
use crate::problem::Fault;
use crate::wire::DeploymentAsked;

/// How much sooner than the server gives a request up its answer is given.
const MARGIN: Duration = Duration::from_secs(1);

/// How long to wait for what was asked to be waited for: not so long that the request would be given up.
pub(super) fn patience(seconds: u32, limits: &ServerInfo) -> Duration {
    let longest = limits.request_timeout.saturating_sub(MARGIN);
    Duration::from_secs(u64::from(seconds)).min(longest)
}

/// What a demand led to, once that has ended or `seconds` have passed.
pub(super) async fn served(
    app: &App,
    asked: &Asked,
    seconds: u32,
    limits: &ServerInfo,
) -> Result<DeploymentAsked, Fault> {
    if seconds > 0 {
        let ending = app.until_served(asked);
        let waited = tokio::time::timeout(patience(seconds, limits), ending);
        if let Ok(served) = waited.await {
            return Ok(DeploymentAsked::new(asked, served?));
        }
    }
    let served = app.served(asked).await?;
    Ok(DeploymentAsked::new(asked, served))
}
