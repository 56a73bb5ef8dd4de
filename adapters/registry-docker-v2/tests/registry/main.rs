//! The adapter against a scriptable double of a registry, and against Debian's `docker-registry`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "what a test needs and does not get is its failure"
)]

mod challenges;
mod conformance;
mod docker_registry;
mod double;
mod encryption;
mod fixture;
mod indexes;
mod limits;
mod listings;
mod manifests;
mod metadata;
mod polling;
mod real_harness;
mod server;
mod tokens;
