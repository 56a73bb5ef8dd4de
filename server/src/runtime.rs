//! What goes on beside the API: polling, driving deployments, delivering events, keeping leases.
//!
//! Everything waits on Tokio's timers alone and nothing depends on chance but the jitter of polls (`fastrand`), so that a
//! test with paused time and a seed sees the same again.

mod announcements;
mod background;
mod delivery;
mod discovery;
mod executor;
mod housekeeping;
mod poller;
mod sharing;
mod tokens;

pub use announcements::{Announcements, announcements};
pub use background::Background;
pub(crate) use discovery::look;
pub use poller::Pace;
pub(crate) use tokens::{FOLLOW_TOKENS_EVERY, TokenFollower};

#[cfg(test)]
mod tests;
