use std::fmt;
use std::time::Duration;

use uuid::Uuid;

use crate::watch::WatchName;

/// One process that shares the work with others on the same store; another one after each start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplicaId(pub Uuid);

/// What one replica at a time attends to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// Polling a watch, and driving its deployments.
    Watch(WatchName),
    /// Delivering events to a sink.
    Sink(String),
}

impl fmt::Display for Resource {
    /// As stored: the kind, a slash, and the name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Watch(name) => write!(f, "watch/{name}"),
            Self::Sink(name) => write!(f, "sink/{name}"),
        }
    }
}

/// What a replica asks for, again and again: to keep what it holds, and its share of the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseClaim {
    /// Who asks.
    pub replica: ReplicaId,
    /// Which configuration it was started with, as [`Store::generation`](super::Store::generation) numbers them.
    pub generation: u64,
    /// All that it could attend to.
    pub resources: Vec<Resource>,
    /// How long what it is given is its own, by the store's clock.
    pub ttl: Duration,
}
