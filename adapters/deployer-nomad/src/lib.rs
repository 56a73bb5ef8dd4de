//! The Deployer port over the Nomad HTTP API.
