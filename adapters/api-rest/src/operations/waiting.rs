use std::time::Duration;

use crate::ServerInfo;

/// How much sooner than the server gives a request up its answer is given.
const MARGIN: Duration = Duration::from_secs(1);

/// How long to wait for what was asked to be waited for: not so long that the request would be given up.
pub(super) fn patience(seconds: u32, limits: &ServerInfo) -> Duration {
    let longest = limits.request_timeout.saturating_sub(MARGIN);
    Duration::from_secs(u64::from(seconds)).min(longest)
}
