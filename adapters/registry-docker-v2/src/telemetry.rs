//! What is measured of registries: by registry, and never by repository or tag, of which there may be very many.
//!
//! It goes to the process's recorder of the `metrics` crate, and nowhere where there is none.

use std::time::Duration;

use metrics::{counter, gauge, histogram};
use registrywatcher::image::RegistryHost;

use crate::fault::Fault;
use crate::limits::Quota;

/// Counts requests, by registry and outcome.
pub const REQUESTS: &str = "registrywatcher_registry_requests_total";
/// How long requests took, by registry.
pub const REQUEST_DURATION: &str = "registrywatcher_registry_request_duration_seconds";
/// Counts how often a registry asked to be left alone.
pub const WAITS: &str = "registrywatcher_registry_waits_total";
/// For how long registries asked to be left alone, in whole seconds.
pub const WAIT_SECONDS: &str = "registrywatcher_registry_wait_seconds_total";
/// How many pulls a registry has left for us, as it last told.
pub const PULLS_LEFT: &str = "registrywatcher_registry_pulls_remaining";

/// The outcomes of a request.
const OUTCOMES: [&str; 4] = ["answered", "invalid", "rate_limited", "unavailable"];

/// Shows what is counted of `registry` before there is anything to count: a counter that appears with its first increment
/// hides that increment from `increase()`.
pub(crate) fn begin(registry: &RegistryHost) {
    for outcome in OUTCOMES {
        counter!(REQUESTS, "registry" => registry.to_string(), "outcome" => outcome).increment(0);
    }
    counter!(WAITS, "registry" => registry.to_string()).increment(0);
    counter!(WAIT_SECONDS, "registry" => registry.to_string()).increment(0);
}

/// A request has ended; asking for a token is one too.
pub(crate) fn requested(registry: &RegistryHost, fault: Option<&Fault>, took: Duration) {
    let outcome = match fault {
        None | Some(Fault::NotFound | Fault::Unauthorized(_)) => "answered",
        Some(Fault::Invalid(_)) => "invalid",
        Some(Fault::RateLimited(_)) => "rate_limited",
        Some(Fault::Unavailable { .. }) => "unavailable",
    };
    counter!(REQUESTS, "registry" => registry.to_string(), "outcome" => outcome).increment(1);
    histogram!(REQUEST_DURATION, "registry" => registry.to_string()).record(took);
}

/// The registry asks to be left alone.
pub(crate) fn waits(registry: &RegistryHost, wait: Duration) {
    counter!(WAITS, "registry" => registry.to_string()).increment(1);
    counter!(WAIT_SECONDS, "registry" => registry.to_string()).increment(wait.as_secs());
}

/// The registry told what is left of a quota.
pub(crate) fn pulls_left(quota: &Quota) {
    let remaining = u32::try_from(quota.remaining).unwrap_or(u32::MAX);
    gauge!(PULLS_LEFT, "registry" => quota.registry.to_string()).set(remaining);
}
