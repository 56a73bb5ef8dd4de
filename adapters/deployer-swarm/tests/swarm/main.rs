//! The deployer against a real swarm and a real registry.

#![cfg(target_os = "linux")]
#![expect(
    clippy::expect_used,
    reason = "a test panics where its premise is broken"
)]

mod between;
mod conformance;
mod jobs;
mod outcomes;
mod refusals;
mod rollbacks;
mod support;
mod writers;
