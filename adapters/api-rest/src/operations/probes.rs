mod alive;
mod ready;

/// The probes.
pub(crate) type Operations = (alive::Healthz, ready::Readyz);

pub(super) fn all() -> Operations {
    (alive::Healthz, ready::Readyz)
}
