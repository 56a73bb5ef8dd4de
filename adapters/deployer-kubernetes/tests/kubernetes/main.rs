//! The deployer against an API server that is simulated over real HTTP.

#![expect(
    clippy::expect_used,
    reason = "a test panics where its premise is broken"
)]

mod access;
mod conformance;
mod discovery;
mod double;
mod errors;
mod kinds;
mod outcomes;
mod owners;
mod patches;
mod support;
mod writers;
