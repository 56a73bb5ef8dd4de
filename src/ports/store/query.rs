use chrono::{DateTime, Utc};

use crate::deployment::DeploymentId;
use crate::event::EventId;
use crate::image::{Image, Repository, Tag};
use crate::watch::WatchName;

/// How much of a [`Snapshot`](super::Snapshot) to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// All of it.
    Everything,
    /// What concerns all watches, and this one's state and deployments.
    Watch(WatchName),
    /// Only what concerns all watches.
    Shared,
}

/// Which deployments to read; newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeploymentQuery {
    /// Only this one.
    pub id: Option<DeploymentId>,
    /// Only those of this watch.
    pub watch: Option<WatchName>,
    /// Only those made before this one.
    pub before: Option<DeploymentId>,
    /// At most this many.
    pub limit: u32,
}

/// Which events to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventQuery {
    /// Only those of this watch.
    pub watch: Option<WatchName>,
    /// From where, and in which order.
    pub range: EventRange,
    /// At most this many.
    pub limit: u32,
}

/// From where events are read, and in which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventRange {
    /// Those after this one, oldest first.
    After(EventId),
    /// Those before this one (or all), newest first.
    Before(Option<EventId>),
}

/// An event that a sink could not be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Which sink.
    pub sink: String,
    /// Which event.
    pub event: EventId,
    /// When it was given up.
    pub at: DateTime<Utc>,
    /// How often it was tried.
    pub attempts: u32,
    /// What the sink said, without its address.
    pub problem: String,
}

/// Which dead letters to read; oldest event first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeadLetterQuery {
    /// Only those of this sink.
    pub sink: Option<String>,
    /// Only those of events after this one.
    pub after: EventId,
    /// At most this many.
    pub limit: u32,
}

/// What a repository had, and when: a tag, or a tag with what it pointed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedTag {
    /// The tag.
    pub tag: Tag,
    /// What it pointed to; `None` where it was listed.
    pub image: Option<Image>,
    /// When it was seen first.
    pub first_seen: DateTime<Utc>,
    /// When it was seen last; `None` while it is still so.
    pub last_seen: Option<DateTime<Utc>>,
}

/// What changed at a repository, by what was seen there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagChanges {
    /// Which repository.
    pub repository: Repository,
    /// When the poll that saw it began.
    pub at: DateTime<Utc>,
    /// Tags that were listed and were not before.
    pub listed: Vec<Tag>,
    /// Tags that were listed before and are no more.
    pub gone: Vec<Tag>,
    /// Tags that point to another image than before, or were resolved for the first time.
    pub resolved: Vec<(Tag, Image)>,
}

/// Which part of a repository's log of tags to read; by tag, and by time for each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagLogQuery {
    /// Which repository.
    pub repository: Repository,
    /// Only this tag.
    pub tag: Option<Tag>,
    /// Only what is still so.
    pub current: bool,
    /// Only tags after this one in byte order.
    pub after: Option<Tag>,
    /// At most this many tags, each with all that is known of it.
    pub limit: u32,
}
