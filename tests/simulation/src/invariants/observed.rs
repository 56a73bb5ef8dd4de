use std::sync::Arc;

use registrywatcher::image::{Digest, TagList};

use super::Act;

/// When a decision was made, and since when the replica that made it attends to the watch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Term {
    pub(crate) began: u64,
    pub(crate) decided: u64,
}

/// What came of the questions of one sort that a replica asked the registry, in truth.
#[derive(Debug, Clone)]
pub(crate) struct Asked<T> {
    /// The last answer, when its question was asked, and when it was known.
    good: Option<(u64, u64, T)>,
    /// The last question that was not answered: when it was asked, and when that was known.
    bad: Option<(u64, u64)>,
}

impl<T> Default for Asked<T> {
    fn default() -> Self {
        Self {
            good: None,
            bad: None,
        }
    }
}

impl<T> Asked<T> {
    pub(crate) fn note(&mut self, asked: u64, ended: u64, answer: Option<T>) {
        match answer {
            Some(answer) if self.good.as_ref().is_none_or(|(last, ..)| *last <= asked) => {
                self.good = Some((asked, ended, answer));
            }
            None if self.bad.is_none_or(|(last, _)| last <= asked) => {
                self.bad = Some((asked, ended));
            }
            _ => {}
        }
    }

    /// The answer that holds for a decision.
    fn holds(&self, term: Term) -> Result<&T, &'static str> {
        let Some((asked, known, answer)) = &self.good else {
            return Err("was never answered");
        };
        match self.bad {
            Some((failed, ended)) if failed > *asked && ended < term.decided => {
                Err("was not answered the last time")
            }
            _ if *known < term.began => Err("was not answered since it attends to the watch"),
            _ => Ok(answer),
        }
    }
}

/// I4. A deployment that is recorded by itself rests on what the registry truly answered this very process: the last question
/// for its tag was answered with its digest, and, where a listing decides, the last one was complete and has the tag; both since
/// it attends to the watch.
///
/// Questions that were asked later but answered after the decision do not count.
pub(crate) fn rests_on_what_was_seen(
    act: &Act<'_>,
    term: Term,
    resolution: Option<&Asked<Option<Digest>>>,
    needs_listing: bool,
    listing: Option<&Asked<Arc<TagList>>>,
) -> Result<(), String> {
    if !act.by_itself {
        return Ok(());
    }
    let (tag, image) = (act.deployment.tag(), act.deployment.image());
    let resolved = resolution
        .ok_or("was never asked")
        .and_then(|asked| asked.holds(term));
    let resolved = resolved.map_err(|why| format!("{act}, but what {tag} points to {why}"))?;
    if resolved.as_ref() != Some(&image.digest) {
        return Err(format!(
            "{act}, but {tag} was last seen to point to {resolved:?}"
        ));
    }
    if !needs_listing {
        return Ok(());
    }
    let listed = listing
        .ok_or("was never asked for")
        .and_then(|asked| asked.holds(term));
    let listed = listed.map_err(|why| format!("{act}, but the listing {why}"))?;
    if !listed.contains(tag) {
        return Err(format!("{act}, but the last listing does not have the tag"));
    }
    Ok(())
}
