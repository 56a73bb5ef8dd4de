mod alive;
mod metrics;
mod ready;

/// The probes.
pub(crate) type Operations = (alive::Healthz, ready::Readyz, metrics::Metrics);

pub(super) fn all() -> Operations {
    (alive::Healthz, ready::Readyz, metrics::Metrics)
}
