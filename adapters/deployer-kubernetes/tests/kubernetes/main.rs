//! The deployer against an API server that is simulated over real HTTP.

#![expect(
    clippy::expect_used,
    reason = "a test panics where its premise is broken"
)]

mod conformance;
mod double;

mod support;
