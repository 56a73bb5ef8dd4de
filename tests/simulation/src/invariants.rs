//! The nine promises, each checked by a function of its own.

mod applied_once;
mod automatic;
mod delivered;
mod downgrade;
mod healed;
mod observed;
mod pinned;
mod promoted;
mod quarantine;
mod single;

use std::fmt;
use std::time::Duration;

pub(crate) use applied_once::{
    changes_are_told, intent_is_kept, requests_are_kept, rollout_is_recorded, states_go_forward,
};
pub(crate) use automatic::automatic_is_off;
pub(crate) use delivered::{Told, cursor_skips_nothing, delivery_is_in_order, everything_is_told};
pub(crate) use downgrade::never_lower;
pub(crate) use healed::{Running, unsettled};
pub(crate) use observed::{Asked, Term, rests_on_what_was_seen};
pub(crate) use pinned::stays_pinned;
pub(crate) use promoted::{canaries_are_promoted, promotion_is_due, promotion_was_told};
pub(crate) use quarantine::stays_in_quarantine;
pub(crate) use single::one_per_unit;

/// What registrywatcher promises, whatever happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// A pinned watch is never brought to another tag.
    I1,
    /// With auto-deploy off nothing deploys by itself.
    I2,
    /// A tracked watch never goes to a lower version by itself.
    I3,
    /// A failed or partial observation never deploys.
    I4,
    /// At most one deployment per unit is active, across all replicas.
    I5,
    /// A quarantined image is not deployed by itself.
    I6,
    /// When the registry, the faults and the gates rest, what runs becomes what is wanted within a bounded time.
    I7,
    /// A crash at any instruction loses no intent, request or event, and no deployment is applied twice.
    I8,
    /// Every event is delivered to every sink at least once or stands in its dead letters, in order per watch.
    I9,
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::I1 => "a pinned watch is never brought to another tag",
            Self::I2 => "with auto-deploy off nothing deploys by itself",
            Self::I3 => "a tracked watch never goes to a lower version by itself",
            Self::I4 => "a failed or partial observation never deploys",
            Self::I5 => "at most one deployment per unit is active",
            Self::I6 => "a quarantined image is not deployed by itself",
            Self::I7 => "when everything rests, what runs becomes what is wanted",
            Self::I8 => "nothing is lost, and nothing is applied twice",
            Self::I9 => "every event is delivered or a dead letter, in order per watch",
        })
    }
}

/// A promise that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub invariant: Invariant,
    /// When, counted from the start of the run.
    pub at: Duration,
    /// How.
    pub problem: String,
}

/// A deployment that is recorded, or that starts, as far as the promises look at it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Act<'a> {
    pub(crate) deployment: &'a registrywatcher::deployment::Deployment,
    /// Nobody asked for it, and it does not just bring back what ran before.
    pub(crate) by_itself: bool,
    /// `recorded` or `started`.
    pub(crate) verb: &'static str,
}

impl fmt::Display for Act<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (deployment, verb) = (self.deployment, self.verb);
        let (tag, watch) = (deployment.tag(), &deployment.watch);
        let place = crate::setting::place(&deployment.workload);
        let short = crate::ledger::short(deployment.id);
        write!(
            f,
            "deployment {short} of {tag} to {place} was {verb} for watch {watch} ({})",
            deployment.cause
        )
    }
}
