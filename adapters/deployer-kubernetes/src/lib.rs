//! The Deployer port over the Kubernetes API.
//!
//! The image of one container in a pod template is set by digest, in a strategic merge patch that names the version of the
//! object it was made for; nothing else of the object is sent, so nothing else can be lost. What was deployed stands beside
//! the image in the template's annotations: `<container>.registrywatcher.io/deployment`, `/tag` and `/digest`.
//!
//! The crate `kube` opens the connection (kubeconfig, service account, certificates, exec plugins, tokens that are read anew);
//! objects are read and written as raw JSON.
//!
//! A deployment to a cron job is done once its template has the image: the next run has it, and a run that goes on keeps what it
//! has. How that run ends is not followed.
//!
//! # Discovery
//!
//! A deployment, stateful set, daemon set or cron job asks to be watched by an annotation of its own (not of its template; a
//! label of Kubernetes cannot hold a policy):
//!
//! ```yaml
//! metadata:
//!   annotations:
//!     registrywatcher.policy: "semver:^1"
//!     registrywatcher.container: app        # only if its pods have several
//! ```
//!
//! Where several containers leave open which is meant, or the one that is named is missing, the object is found all the same,
//! and the deployer says what is wrong as soon as it is asked what the workload runs. Objects of Argo CD, Flux or Helm are
//! found like any other, and deployed to as `managed` says.
//!
//! The namespace is that of the settings, or all of them if they name none; the verb `list` is needed on all four kinds there.
//! If it is missing on one kind that is an error, since what is not seen would be taken for gone.
//!
//! Reading order: `object` reads, `patch` edits, `apply` sends, `rollout` judges what came of it, `follow` collects what is
//! judged; `discover` finds.

mod access;
mod address;
mod apply;
mod client;
mod deployer;
mod discover;
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
