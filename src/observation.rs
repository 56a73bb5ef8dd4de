//! What was seen at the registry: [`Observation`].

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::image::{Image, Tag, TagList};

/// Everything known of one repository: a listing of all tags, and what single tags point to.
///
/// Each part carries when the poll that saw it [`Began`]; an older part never replaces a newer one, however late it arrives.
#[derive(Debug, Clone, Default)]
pub struct Observation {
    listing: Seen<Arc<TagList>>,
    // A sorted vector: a map's nodes would weigh more than all the rest of a watch.
    resolutions: Vec<(Tag, Seen<Option<Image>>)>,
}

/// When a poll began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Began {
    /// By the time of day, for showing.
    pub wall: DateTime<Utc>,
    /// By a clock that nobody sets, for telling which of two polls is the later one.
    pub monotonic: Duration,
}

/// The last success and the last failure to see something.
#[derive(Debug, Clone)]
pub struct Seen<T> {
    value: Option<(Began, T)>,
    fault: Option<Box<Fault>>,
}

/// Why the registry could not be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// When the failed poll began.
    pub began: Began,
    /// What went wrong.
    pub message: String,
}

/// Why nothing is known of a repository or a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unseen {
    /// Nobody has looked yet.
    NotYet,
    /// The last look failed.
    Failed(Fault),
}

impl<T> Default for Seen<T> {
    fn default() -> Self {
        Self {
            value: None,
            fault: None,
        }
    }
}

impl<T> Seen<T> {
    /// Takes what a poll that began at `began` saw, unless a later one is known.
    pub fn record(&mut self, began: Began, outcome: Result<T, String>) {
        if self.last_began() > Some(began.monotonic) {
            return;
        }
        match outcome {
            Ok(value) => {
                self.value = Some((began, value));
                self.fault = None;
            }
            Err(message) => self.fault = Some(Box::new(Fault { began, message })),
        }
    }

    /// What the last look saw; an error where it failed, even if an earlier one succeeded.
    pub fn current(&self) -> Result<&T, Unseen> {
        match (&self.fault, &self.value) {
            (Some(fault), _) => Err(Unseen::Failed(Fault::clone(fault))),
            (None, Some((_, value))) => Ok(value),
            (None, None) => Err(Unseen::NotYet),
        }
    }

    /// What the last successful look saw, for showing.
    pub fn last_known(&self) -> Option<&T> {
        self.value.as_ref().map(|(_, value)| value)
    }

    /// When the last successful look began.
    pub fn seen_at(&self) -> Option<Began> {
        self.value.as_ref().map(|(began, _)| *began)
    }

    fn last_began(&self) -> Option<Duration> {
        let fault = self.fault.as_ref().map(|fault| fault.began.monotonic);
        fault.max(self.seen_at().map(|began| began.monotonic))
    }
}

impl Observation {
    /// The listing of all tags.
    pub fn listing(&self) -> &Seen<Arc<TagList>> {
        &self.listing
    }

    /// Takes a listing, complete or failed.
    pub fn record_listing(&mut self, began: Began, outcome: Result<Arc<TagList>, String>) {
        self.listing.record(began, outcome);
    }

    /// What `tag` points to; `None` inside where the registry said that it does not exist.
    pub fn resolution(&self, tag: &Tag) -> Option<&Seen<Option<Image>>> {
        let index = self
            .resolutions
            .binary_search_by(|(known, _)| known.cmp(tag))
            .ok()?;
        self.resolutions.get(index).map(|(_, seen)| seen)
    }

    /// The image that `tag` was last seen to point to, for showing and for asking again.
    pub fn known_image(&self, tag: &Tag) -> Option<&Image> {
        self.resolution(tag)?.last_known()?.as_ref()
    }

    /// What tags were last seen to point to.
    pub fn images(&self) -> impl Iterator<Item = (&Tag, &Image)> {
        self.resolutions
            .iter()
            .filter_map(|(tag, seen)| Some((tag, seen.last_known()?.as_ref()?)))
    }

    /// When the registry last answered.
    pub fn seen_at(&self) -> Option<DateTime<Utc>> {
        let resolved = self.resolutions.iter().map(|(_, seen)| seen.seen_at());
        let moments = resolved.chain([self.listing.seen_at()]).flatten();
        moments.map(|began| began.wall).max()
    }

    /// Why something could not be seen when it was looked at last, if that was so.
    pub fn fault(&self) -> Option<&str> {
        let resolved = self.resolutions.iter().map(|(_, seen)| &seen.fault);
        let mut faults = [&self.listing.fault].into_iter().chain(resolved).flatten();
        faults.next().map(|fault| fault.message.as_str())
    }

    /// Takes what a tag points to, or that it could not be resolved.
    pub fn record_resolution(
        &mut self,
        tag: &Tag,
        began: Began,
        outcome: Result<Option<Image>, String>,
    ) {
        let index = match self
            .resolutions
            .binary_search_by(|(known, _)| known.cmp(tag))
        {
            Ok(index) => index,
            Err(index) => {
                self.resolutions.reserve_exact(1);
                self.resolutions
                    .insert(index, (tag.clone(), Seen::default()));
                index
            }
        };
        if let Some((_, seen)) = self.resolutions.get_mut(index) {
            seen.record(began, outcome);
        }
    }

    /// Takes that none of the known tags could be resolved.
    pub fn record_failed_resolutions(&mut self, began: Began, message: &str) {
        for (_, seen) in &mut self.resolutions {
            seen.record(began, Err(message.to_owned()));
        }
    }

    /// Forgets the resolutions of all tags but `wanted`, so that a watch does not grow with every release.
    pub fn forget_all_but(&mut self, wanted: &[&Tag]) {
        if self
            .resolutions
            .iter()
            .any(|(tag, _)| !wanted.contains(&tag))
        {
            self.resolutions.retain(|(tag, _)| wanted.contains(&tag));
            self.resolutions.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u64) -> Began {
        Began {
            wall: DateTime::UNIX_EPOCH + Duration::from_secs(second),
            monotonic: Duration::from_secs(second),
        }
    }

    fn tags(texts: &[&str]) -> Arc<TagList> {
        Arc::new(texts.iter().copied().collect())
    }

    #[test]
    fn an_older_observation_never_replaces_a_newer_one() {
        let mut observation = Observation::default();
        observation.record_listing(at(2), Ok(tags(&["v2"])));
        observation.record_listing(at(1), Ok(tags(&["v1"])));
        assert_eq!(observation.listing().current(), Ok(&tags(&["v2"])));
        observation.record_listing(at(1), Err("late news of an old fault".into()));
        assert!(observation.listing().current().is_ok());
    }

    #[test]
    fn a_later_poll_counts_although_the_time_of_day_was_set_back() {
        let mut observation = Observation::default();
        observation.record_listing(at(7200), Ok(tags(&["v1"])));
        let later = Began {
            wall: at(3600).wall,
            ..at(7201)
        };
        observation.record_listing(later, Ok(tags(&["v1", "v2"])));
        assert_eq!(observation.listing().current(), Ok(&tags(&["v1", "v2"])));
        assert_eq!(observation.listing().seen_at(), Some(later));
    }

    #[test]
    fn a_fault_hides_what_was_known_but_keeps_it_for_showing() {
        let mut observation = Observation::default();
        assert_eq!(observation.listing().current(), Err(Unseen::NotYet));
        observation.record_listing(at(1), Ok(tags(&["v1"])));
        observation.record_listing(at(2), Err("timed out".into()));
        let fault = Fault {
            began: at(2),
            message: "timed out".into(),
        };
        assert_eq!(observation.listing().current(), Err(Unseen::Failed(fault)));
        assert_eq!(observation.listing().last_known(), Some(&tags(&["v1"])));
        observation.record_listing(at(3), Ok(tags(&["v1"])));
        assert!(observation.listing().current().is_ok());
    }

    #[test]
    fn resolutions_that_nobody_wants_are_forgotten() {
        let mut observation = Observation::default();
        let (old, new): (Tag, Tag) = ("v1".parse().unwrap(), "v2".parse().unwrap());
        observation.record_resolution(&new, at(1), Ok(None));
        observation.record_resolution(&old, at(1), Ok(None));
        observation.forget_all_but(&[&new]);
        assert!(observation.resolution(&old).is_none() && observation.resolution(&new).is_some());
    }
}
