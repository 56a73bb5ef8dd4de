//! The Deployer port over the Docker Engine API.
//!
//! A container cannot change its image, so it is made again: the new one gets all that its user set and nothing that it
//! had from the old image, takes the name over, and has to prove itself; until it has, the old one waits beside it, stopped,
//! and comes back if the new one fails.
//!
//! Containers are read and written as raw JSON. So a setting that this program has never heard of is kept too.
//!
//! # What is written down where
//!
//! Docker itself is the journal, for it survives us. The new container carries labels that name the deployment,
//! and *names* tell how far it is, since a rename is atomic:
//!
//! | the new container is called | the old one is called | |
//! |---|---|---|
//! | (not there) | `web` | nothing was changed yet |
//! | `web-rw-new-<id>` | `web`, then `web-rw-old-<id>` | made; about to take over |
//! | `web` | `web-rw-old-<id>` | on trial |
//! | `web` | (removed) | succeeded |
//! | `web-rw-failed-<id>` | `web` | its image failed; kept for its logs until the next deployment |
//! | `web-rw-undone-<id>` | `web` | failed by no fault of the image |
//!
//! Whoever drives a deployment reads these again after each step, and so takes it up wherever it was left.
//!
//! # What cannot be known here
//!
//! Docker has no compare-and-swap: two who recreate one container at the same time can get in each other's way. What was
//! changed in the writable layer of the old container is lost, as with every other way to recreate one.
//!
//! # Discovery
//!
//! A container asks to be watched by a label of its own or of its image. One that does not run counts too: a deployment stops it
//! for a while, and the release that mends it may be still to come. A container of an orchestrator's, and one that `docker
//! compose run` made, are not found: they would not be deployed to.
//!
//! Reading order: `recreation` writes the new container, `drive` walks through the table, `verdict` judges the trial.

mod address;
mod container;
mod deployer;
mod discovery;
mod drive;
mod engine;
mod handle;
mod image;
mod mark;
mod obstacle;
mod ourselves;
mod pull;
mod recreation;
mod running;
mod runs;
mod scene;
mod settings;
mod undo;
mod verdict;

pub use deployer::DockerDeployer;
pub use settings::Settings;
