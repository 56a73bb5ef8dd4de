//! The deployer against a real Docker Engine and a real registry.

#![cfg(target_os = "linux")]
#![expect(
    clippy::expect_used,
    reason = "a test panics where its premise is broken"
)]

mod conformance;
mod crashes;
mod discovery;
mod gate;
mod outcomes;
mod refusals;
mod successors;
mod support;
