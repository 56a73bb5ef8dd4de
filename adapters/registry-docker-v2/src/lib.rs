//! The Registry port over the Docker Registry v2 / OCI distribution API.
//!
//! One thin client for every registry that speaks the API. An unchanged poll is one request: what a registry asked for at
//! the last 401 is presented up front, tokens are kept for as long as they live, and a tag's digest is read by `HEAD`.
//!
//! A `rustls` provider must be installed as the process's default before [`DockerRegistry::new`] is called.

mod answer;
mod auth;
mod challenge;
mod clients;
mod credential;
mod digest;
mod fault;
mod guard;
mod host;
mod index;
mod limits;
mod link;
mod listing;
mod manifest;
mod metadata;
mod registry;
mod settings;
pub mod telemetry;
mod token;
mod transport;

pub use limits::Quota;
pub use registry::DockerRegistry;
pub use settings::{RegistrySettings, Settings, SettingsError};
