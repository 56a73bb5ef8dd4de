//! Real backends that a test starts for itself and that end with it.

mod docker_engine;
mod docker_registry;
mod fault_proxy;
mod postgres;

use std::io::Write;

pub use docker_engine::{DockerEngine, accept};
pub use docker_registry::DockerRegistry;
pub use fault_proxy::{Fault, FaultProxy, Server};
pub use postgres::Postgres;

/// Says why a test of a backend is passed over, past the capturing of the test harness.
///
/// # Panics
///
/// If `REGISTRYWATCHER_REQUIRE_BACKENDS` is `1`.
pub fn skip(why: &str) {
    let is_required =
        std::env::var_os("REGISTRYWATCHER_REQUIRE_BACKENDS").is_some_and(|value| value == "1");
    assert!(
        !is_required,
        "{why}, and REGISTRYWATCHER_REQUIRE_BACKENDS=1 demands them"
    );
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}
