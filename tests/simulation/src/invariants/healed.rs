use registrywatcher::app::{WatchView, WorkloadView};
use registrywatcher::decision::{Decision, HoldReason};
use registrywatcher::deployment::{DeploymentId, Origin};
use registrywatcher::image::Tag;

use crate::model::Model;
use crate::setting::{Watched, repository};
use crate::version::Version;

/// What the orchestrator runs at one place, in truth.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) content: Option<u32>,
    pub(crate) tag: Option<Tag>,
    /// The deployment whose mark it carries.
    pub(crate) mark: Option<DeploymentId>,
}

/// I7. Once everything rests, each workload runs the content of the tag that its watch wants by the model and the registry; or
/// the decision names a reason for holding that the model knows to be true.
///
/// Nothing that passes by itself is such a reason: no back-off, no freeze, no fault, no deployment under way. Gives what is
/// not so yet.
pub(crate) fn unsettled(
    model: &Model,
    watched: &Watched,
    wanted: Option<&(Tag, u32)>,
    view: &WatchView,
    running: &[Running],
) -> Option<String> {
    let name = watched.name;
    for (index, workload) in view.workloads.iter().enumerate() {
        let place = watched.places[index];
        let is_broken = running[index].is_broken(model, watched, place);
        if is_broken && !model.is_diverted(&watched.watch_name()) {
            return Some(format!(
                "{place} runs {:?}, which failed, and was not brought back to what ran well",
                running[index]
            ));
        }
        if wanted.is_some_and(|wanted| running[index].is(wanted, workload)) {
            continue;
        }
        let Some(Decision::Hold(hold)) = workload.decided.as_ref().map(|decided| &decided.decision)
        else {
            let decided = &workload.decided;
            return Some(format!(
                "watch {name} wants {wanted:?} at {place}, where {:?} runs, and it decides {decided:?}",
                running[index]
            ));
        };
        let excuses = Excuses {
            model,
            watched,
            wanted,
            view,
            running,
            index,
        };
        if !hold.reasons.iter().any(|reason| excuses.admit(reason)) {
            return Some(format!(
                "watch {name} wants {wanted:?} at {place}, where {:?} runs, and it holds for {:?}",
                running[index], hold.reasons
            ));
        }
    }
    None
}

impl Running {
    /// Whether a deployment left an image behind that does not work, although something else ran well before.
    fn is_broken(&self, model: &Model, watched: &Watched, place: &str) -> bool {
        let repository = repository(watched.repository);
        let is_bad = |content| model.is_quarantined(&repository, content);
        let can_be_restored = model.last_good_at(place).is_some_and(|good| !is_bad(good));
        can_be_restored
            && self
                .mark
                .is_some_and(|mark| model.failed_by_its_image(mark))
    }

    /// Whether it is what is wanted, or carries its tag and was adopted: what ran before us is taken for what its tag points to
    /// at first sight.
    fn is(&self, (tag, content): &(Tag, u32), workload: &WorkloadView) -> bool {
        let is_adopted = workload.runs.origin() == Some(Origin::Assumed) && self.mark.is_none();
        self.content == Some(*content) || is_adopted && self.tag.as_ref() == Some(tag)
    }
}

struct Excuses<'a> {
    model: &'a Model,
    watched: &'a Watched,
    wanted: Option<&'a (Tag, u32)>,
    view: &'a WatchView,
    running: &'a [Running],
    index: usize,
}

impl Excuses<'_> {
    /// Whether `reason` is true, and does not pass by itself.
    fn admit(&self, reason: &HoldReason) -> bool {
        let (running, wanted) = (&self.running[self.index], self.wanted);
        let watch = self.watched.watch_name();
        match reason {
            HoldReason::AutoDeployOff => !self.model.wish(&watch).auto_deploy,
            HoldReason::WouldDowngrade { .. } => {
                let version = |tag: &Tag| Version::read(tag.as_str());
                let wanted = wanted.and_then(|(tag, _)| version(tag));
                wanted.is_some() && running.tag.as_ref().and_then(version) > wanted
            }
            HoldReason::OperatorHold { .. } => self.model.is_diverted(&watch),
            HoldReason::ChangedOutside { .. } => running.mark.is_none(),
            HoldReason::Quarantined { .. } => wanted.is_some_and(|(_, content)| {
                let repository = repository(self.watched.repository);
                self.model.is_quarantined(&repository, *content)
            }),
            HoldReason::RolledBack { .. } => {
                self.model.has_failed_at(self.watched.places[self.index])
            }
            HoldReason::PinnedTagMissing { .. } | HoldReason::NoCandidate { .. } => {
                wanted.is_none()
            }
            HoldReason::WaitsFor { workload } => {
                let is_it = |other: &WorkloadView| other.workload == *workload;
                let first = self.view.workloads.iter().position(is_it);
                first.is_some_and(|first| self.keeps_others_waiting(first))
            }
            _ => false,
        }
    }

    /// The workload at `first` does not run what is wanted, for a reason that was looked at already; or it is not known to.
    fn keeps_others_waiting(&self, first: usize) -> bool {
        let wanted = self.wanted.map(|(_, content)| *content);
        let is_assumed = self.view.workloads[first].runs.origin() == Some(Origin::Assumed);
        // What somebody else deployed by tag is not known by its content.
        let is_unknown = is_assumed || self.running[first].mark.is_none();
        first < self.index && (self.running[first].content != wanted || is_unknown)
    }
}
