//! The values of the interface, as they stand in JSON.

mod asked;
mod decision;
mod deployment;
mod event;
mod explanation;
mod freeze;
mod given;
mod intent;
mod page;
mod quarantined;
mod tags;
mod text;
mod timestamp;
mod watch;
mod workload;
mod written;

pub(crate) use asked::DeploymentAsked;
pub(crate) use deployment::Deployment;
pub(crate) use event::Event;
pub(crate) use explanation::{Explanation, Rejection};
pub(crate) use freeze::{Freeze, FreezeDemand};
pub(crate) use given::Given;
pub(crate) use intent::{Intent, IntentChange, IntentChanged};
pub(crate) use page::{Filling, Limit, default_limit};
pub(crate) use quarantined::QuarantinedImage;
pub(crate) use text::{NAME, Spelled, Text};
pub(crate) use timestamp::Timestamp;
pub(crate) use watch::{Watch, WatchStatus};
pub(crate) use written::Written;
