use super::Pick;
use crate::image::{Image, Tag};
use crate::intent::Intent;
use crate::observation::{Observation, Unseen};
use crate::watch::Watch;

/// Why no tag is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unwanted {
    /// Nobody has asked the registry yet, or the last time failed.
    RegistryUnknown {
        /// What went wrong.
        why: String,
    },
    /// The policy admits no tag, or the registry does not have the one it names.
    NoCandidate {
        /// What was looked at.
        why: String,
    },
    /// The pinned tag is not in the registry.
    PinnedTagMissing {
        /// Which tag.
        tag: Tag,
    },
}

impl From<Unseen> for Unwanted {
    fn from(unseen: Unseen) -> Self {
        let why = match unseen {
            Unseen::NotYet => "it was not asked yet".to_owned(),
            Unseen::Failed(fault) => fault.message,
        };
        Self::RegistryUnknown { why }
    }
}

/// The tag that `watch` wants: the pinned one, the fixed one of its policy, or what the policy picks from the listing.
///
/// `pick` is what that policy picked before, if it is remembered; it only saves time, and is not looked at unless it still
/// holds.
pub fn wanted_tag(
    watch: &Watch,
    intent: &Intent,
    observation: &Observation,
    last_deployed: Option<&Tag>,
    pick: Option<&Pick>,
) -> Result<Tag, Unwanted> {
    if let Some(tag) = intent.target.pinned().or_else(|| watch.policy.fixed_tag()) {
        return Ok(tag.clone());
    }
    let tags = observation.listing().current()?;
    let wanted = match pick.filter(|pick| pick.holds(tags, last_deployed)) {
        Some(pick) => pick.wanted().cloned(),
        None => watch.policy.select(tags, last_deployed).wanted,
    };
    wanted.ok_or_else(|| Unwanted::NoCandidate {
        why: format!(
            "none of {} tags is admitted by {}",
            tags.len(),
            watch.policy
        ),
    })
}

/// What `tag` points to, as last seen; `None` where the registry does not have it.
pub(super) fn resolved(observation: &Observation, tag: &Tag) -> Result<Option<Image>, Unwanted> {
    match observation.resolution(tag) {
        Some(seen) => Ok(seen.current()?.clone()),
        None => Err(Unseen::NotYet.into()),
    }
}
