//! The Deployer port over the Kubernetes API.
//!
//! The image of one container in a pod template is set by digest, in a strategic merge patch that names the version of the
//! object it was made for; nothing else of the object is sent, so nothing else can be lost. What was deployed stands beside
//! the image in the template's annotations: `<container>.registrywatcher.io/deployment`, `/tag` and `/digest`.
//!
//! The crate `kube` opens the connection (kubeconfig, service account, certificates, exec plugins, tokens that are read anew);
//! objects are read and written as raw JSON.
//!
//! Reading order: `object` reads, `patch` edits, `apply` sends, `rollout` judges what came of it, `follow` collects what is
//! judged.

mod access;
mod address;
mod apply;
mod client;
mod deployer;
mod error;
mod follow;
mod handle;
mod history;
mod kind;
mod mark;
mod object;
mod owner;
mod patch;
mod pod;
mod rollout;
mod selector;
mod settings;

pub use deployer::KubernetesDeployer;
pub use settings::{Managed, Settings};
