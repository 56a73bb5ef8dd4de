//! The Deployer port over the Nomad HTTP API.
//!
//! A job is read as raw JSON, the image of its tasks is set by digest, and it is registered again under compare-and-swap;
//! everything else in it stays as Nomad gave it, also what this program has never heard of. What was deployed stands
//! beside the image in the task's `meta`: `registrywatcher_deployment`, `registrywatcher_tag`, `registrywatcher_digest`.
//!
//! Reading order: `job` edits, `apply` registers, `rollout` judges what came of it, `follow` collects what is judged.

mod address;
mod apply;
mod client;
mod deployer;
mod error;
mod follow;
mod handle;
mod job;
mod pin;
mod promote;
mod rollout;
mod secret;
mod settings;
mod transport;
mod version;
mod wire;

pub use deployer::NomadDeployer;
pub use settings::Settings;
