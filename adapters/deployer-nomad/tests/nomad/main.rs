//! The deployer against a Nomad that is simulated over real HTTP.

#![expect(
    clippy::expect_used,
    reason = "a test panics where its premise is broken"
)]

mod conformance;
mod digests;
mod discovery;
mod errors;
mod jobs;
mod outcomes;
#[cfg(unix)]
mod socket;
mod support;
mod writers;
