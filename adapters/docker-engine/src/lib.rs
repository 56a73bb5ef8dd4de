//! A client of the [Docker Engine API](https://docs.docker.com/reference/api/engine/), as far as the deployers of containers and
//! of services need the same of it: how an engine is reached, in which version it is spoken to, how it tells errors, and how it
//! is given credentials.
//!
//! What they read and write they keep as raw JSON, so that a setting nobody here has heard of is kept; so there are no types for
//! it.

mod auth;
mod client;
mod error;
mod output;
mod settings;
mod transport;
mod version;

pub use auth::{AUTH, registry_auth};
pub use client::{Client, json, send};
pub use error::ApiError;
pub use output::without_headers;
pub use settings::{Settings, duration};
pub use version::ApiVersion;
