//! The Deployer port over the Nomad HTTP API.
//!
//! A job is read as raw JSON, the image of its tasks is set by digest, and it is registered again under compare-and-swap;
//! everything else in it stays as Nomad gave it, also what this program has never heard of. What was deployed stands
//! beside the image in the task's `meta`: `registrywatcher_deployment`, `registrywatcher_tag`, `registrywatcher_digest`.
//!
//! # Discovery
//!
//! A task asks to be watched by a policy in its own `meta`. Names with a dot in them are no identifiers of HCL2, so that the
//! meta is written as a map:
//!
//! ```hcl
//! task "server" {
//!   meta = {
//!     "registrywatcher.policy" = "semver:^1"
//!   }
//! }
//! ```
//!
//! The policy counts in the meta of a task alone, because a job's or group's would be that of every sidecar as well. The other
//! names that begin with `registrywatcher.` may stand at the job or the group, and the innermost holds, as in the environment
//! that Nomad gives a task. Jobs of every type are found, also those that launch others at a time or on demand; what was
//! launched by them is not, nor is a job that was stopped.
//!
//! The jobs are those of the `namespace` of the settings, or of all namespaces that the token may see if it names none. The
//! token needs `list-jobs` and `read-job` in them. A job's specification is read only if it changed since the last time.
//!
//! Reading order: `job` edits, `apply` registers, `rollout` judges what came of it, `follow` collects what is judged;
//! `discover` finds.

mod address;
mod apply;
mod client;
mod deployer;
mod discover;
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
