//! The tables, and what their rows mean.

#![expect(unreachable_pub, reason = "the derives of SeaORM write `pub`")]

pub(crate) mod configurations;
pub(crate) mod dead_letters;
pub(crate) mod deployments;
pub(crate) mod events;
pub(crate) mod quarantine;
pub(crate) mod restraints;
pub(crate) mod sessions;
pub(crate) mod sink_cursors;
pub(crate) mod tag_log;
pub(crate) mod tokens;
pub(crate) mod watches;
