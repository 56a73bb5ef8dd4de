//! Pages to look at.

pub(crate) mod deployment;
pub(crate) mod events;
pub(crate) mod freeze;
pub(crate) mod overview;
pub(crate) mod registries;
pub(crate) mod sign_in;
pub(crate) mod tags;
pub(crate) mod watch;
