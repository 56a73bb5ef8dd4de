//! The values of the interface, as they stand in JSON.

mod decision;
mod deployment;
mod event;
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

pub(crate) use deployment::Deployment;
pub(crate) use event::Event;
pub(crate) use freeze::{Freeze, FreezeDemand};
pub(crate) use given::Given;
pub(crate) use intent::{Intent, IntentChange};
pub(crate) use page::{Filling, Limit, default_limit};
pub(crate) use quarantined::QuarantinedImage;
pub(crate) use text::{Spelled, Text};
pub(crate) use timestamp::Timestamp;
pub(crate) use watch::{Watch, WatchStatus};
pub(crate) use written::Written;
