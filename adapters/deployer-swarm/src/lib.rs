//! The Deployer port over the services of Docker Swarm.
//!
//! A service is read and written as raw JSON, so that a setting that this program has never heard of is kept; the index of
//! its version is the compare-and-swap. Swarm itself rolls out, watches the new tasks for as long as the service's own
//! `UpdateConfig` says, and goes back, pauses or goes on when they fail; this crate asks and judges.
//!
//! # Where the mark is
//!
//! The deployment, its tag and its digest are labels of the service's *containers* (`TaskTemplate.ContainerSpec.Labels`). When
//! Swarm rolls a service back by itself it forgets the specification that failed, and all labels of the service with it; the
//! tasks that ran it keep theirs. So a deployment that was undone while we were away is still found, and not begun again; and
//! which tasks are of which deployment is plain. It also leaves the labels of the service to people: what begins with
//! `registrywatcher.` there is a setting.
//!
//! # What cannot be known here
//!
//! A node that cannot pull an image says `No such image` and nothing of why. So the registry is asked, by way of the manager and
//! with the credentials that the nodes will get, before anything is changed: an image that is missing, or that may not be
//! pulled, never touches the service.
//!
//! Reading order: `spec` writes the new specification, `apply` sends it, `rollout` judges what became of it.

mod address;
mod allowance;
mod apply;
mod blame;
mod convergence;
mod deployer;
mod discovery;
mod engine;
mod follow;
mod handle;
mod obstacle;
mod preflight;
mod rollout;
mod running;
mod service;
mod spec;
mod task;

pub use deployer::SwarmDeployer;
pub use registrywatcher_docker_engine::Settings;
