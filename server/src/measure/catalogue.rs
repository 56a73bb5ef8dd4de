//! Every metric there is: `server/METRICS.md` lists the same, which a test compares.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use registrywatcher_registry_docker_v2::telemetry;

pub(super) const POLLS: &str = "registrywatcher_polls_total";
pub(super) const POLL_DURATION: &str = "registrywatcher_poll_duration_seconds";
pub(super) const DEPLOYMENTS: &str = "registrywatcher_deployments_total";
pub(super) const DEPLOYMENT_DURATION: &str = "registrywatcher_deployment_duration_seconds";
pub(super) const SEEN_TO_HEALTHY: &str = "registrywatcher_seen_to_healthy_seconds";
pub(super) const NOTIFICATIONS: &str = "registrywatcher_notifications_total";
pub(super) const DEAD_LETTERS: &str = "registrywatcher_dead_letters_total";
pub(crate) const TRACES: &str = "registrywatcher_traces_total";
pub(super) const STORE_ERRORS: &str = "registrywatcher_store_errors_total";
pub(super) const LEASE_CHANGES: &str = "registrywatcher_lease_changes_total";
pub(super) const WATCHES: &str = "registrywatcher_watches";
pub(super) const WORKLOADS: &str = "registrywatcher_workloads";
pub(super) const HELD_WORKLOADS: &str = "registrywatcher_held_workloads";
pub(super) const NOTIFICATION_LAG: &str = "registrywatcher_notification_lag_events";
pub(super) const LEASES_HELD: &str = "registrywatcher_leases_held";
pub(super) const DEGRADED_PARTS: &str = "registrywatcher_degraded_parts";
pub(super) const UNWATCHED_WORKLOADS: &str = "registrywatcher_unwatched_workloads";
pub(super) const BUILD_INFO: &str = "registrywatcher_build_info";
pub(super) const UPTIME: &str = "registrywatcher_uptime_seconds";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// A metric: its name, its kind, and what it tells.
pub(super) struct Metric {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) tells: &'static str,
}

const fn metric(name: &'static str, kind: Kind, tells: &'static str) -> Metric {
    Metric { name, kind, tells }
}

pub(super) const CATALOGUE: [Metric; 24] = [
    metric(
        POLLS,
        Kind::Counter,
        "Polls of repositories that ended: ok, failed, rate_limited or timed_out.",
    ),
    metric(
        POLL_DURATION,
        Kind::Histogram,
        "How long polls took, looking at what runs and deciding included.",
    ),
    metric(
        telemetry::REQUESTS,
        Kind::Counter,
        "Requests to registries, those for tokens included: answered (with whatever status), invalid, rate_limited or unavailable.",
    ),
    metric(
        telemetry::REQUEST_DURATION,
        Kind::Histogram,
        "How long requests to registries took.",
    ),
    metric(
        telemetry::WAITS,
        Kind::Counter,
        "How often a registry asked to be left alone.",
    ),
    metric(
        telemetry::WAIT_SECONDS,
        Kind::Counter,
        "For how long registries asked to be left alone.",
    ),
    metric(
        telemetry::PULLS_LEFT,
        Kind::Gauge,
        "How many pulls are left of the quota, as the registry last told; absent where it tells none.",
    ),
    metric(
        DEPLOYMENTS,
        Kind::Counter,
        "Deployments that ended: succeeded, failed, superseded or abandoned; and why they were started.",
    ),
    metric(
        DEPLOYMENT_DURATION,
        Kind::Histogram,
        "How long deployments took, from being recorded to their end.",
    ),
    metric(
        SEEN_TO_HEALTHY,
        Kind::Histogram,
        "How long it took from the poll that first saw a release to its running healthily, waits at gates and freezes included; it begins up to one poll interval after the push.",
    ),
    metric(
        WATCHES,
        Kind::Gauge,
        "Watches, by whether this replica attends to them.",
    ),
    metric(
        WORKLOADS,
        Kind::Gauge,
        "Workloads of attended watches: up_to_date, deploying, held or undecided.",
    ),
    metric(
        HELD_WORKLOADS,
        Kind::Gauge,
        "Held workloads, by each reason that holds them; one that is held for two reasons counts twice.",
    ),
    metric(
        NOTIFICATIONS,
        Kind::Counter,
        "Offers of events to sinks: delivered, unavailable or rejected.",
    ),
    metric(
        NOTIFICATION_LAG,
        Kind::Gauge,
        "Events that are still to be looked at for a sink that this replica serves.",
    ),
    metric(
        DEAD_LETTERS,
        Kind::Counter,
        "Events that went to the dead letters of a sink.",
    ),
    metric(
        TRACES,
        Kind::Counter,
        "Traces of deployments: sent, failed (the collector or the store could not be asked) or dropped (too many waited).",
    ),
    metric(
        STORE_ERRORS,
        Kind::Counter,
        "Calls of the store that failed: conflict, lease_lost and unit_busy are lost races, which are decided anew; corrupt and unavailable are not.",
    ),
    metric(
        LEASES_HELD,
        Kind::Gauge,
        "Watches and sinks that this replica holds by lease; absent where there is only one replica.",
    ),
    metric(
        LEASE_CHANGES,
        Kind::Counter,
        "Leases that this replica gained or lost; absent where there is only one replica.",
    ),
    metric(
        DEGRADED_PARTS,
        Kind::Gauge,
        "Registries, deployers and sinks that do not work now; `/readyz` names them.",
    ),
    metric(
        UNWATCHED_WORKLOADS,
        Kind::Gauge,
        "Workloads that ask to be watched and cannot be, as their labels are; absent where none are looked for.",
    ),
    metric(
        BUILD_INFO,
        Kind::Gauge,
        "Always 1; the version is in its label.",
    ),
    metric(
        UPTIME,
        Kind::Gauge,
        "How long this process has been measuring.",
    ),
];

impl Metric {
    /// By the ending of its name, as Prometheus' rules for names have it.
    fn unit(&self) -> Unit {
        let stem = self.name.trim_end_matches("_total");
        if stem.ends_with("_seconds") {
            Unit::Seconds
        } else {
            Unit::Count
        }
    }
}

/// Tells the recorder what each metric means.
pub(super) fn describe() {
    for metric in &CATALOGUE {
        match metric.kind {
            Kind::Counter => describe_counter!(metric.name, metric.unit(), metric.tells),
            Kind::Gauge => describe_gauge!(metric.name, metric.unit(), metric.tells),
            Kind::Histogram => describe_histogram!(metric.name, metric.unit(), metric.tells),
        }
    }
}
