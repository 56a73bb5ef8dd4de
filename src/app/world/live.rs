use super::{Live, LiveWorkload, Look};
use crate::deployment::Runs;
use crate::ports::WorkloadState;
use crate::watch::Watch;

impl Live {
    /// Whether this is what is known of the watch in this very form.
    pub(in crate::app) fn is_of(&self, watch: &Watch) -> bool {
        std::ptr::eq(&raw const *self.watch, watch)
    }

    pub(in crate::app) fn iter_mut(&mut self) -> impl Iterator<Item = &mut LiveWorkload> {
        self.workloads.iter_mut()
    }
}

impl LiveWorkload {
    /// Whether its deployer said that it runs a tag without a digest.
    pub(in crate::app) fn runs_unpinned(&self) -> bool {
        let answer = self.look.as_ref().map(|look| &look.answer);
        matches!(answer, Some(Ok(Some(running))) if running.image.digest().is_none())
    }

    pub(in crate::app) fn runs(&self, stored: Option<&WorkloadState>) -> Runs {
        match &self.look {
            None => Runs::Unknown {
                why: "the deployer was not asked yet".to_owned(),
            },
            Some(Look {
                answer: Err(why), ..
            }) => Runs::Unknown { why: why.clone() },
            Some(Look {
                answer: Ok(running),
                ..
            }) => Runs::judge(
                running.as_ref(),
                self.sees_running,
                stored.and_then(|stored| stored.success.as_ref()),
                stored.and_then(|stored| stored.adopted.as_ref()),
            ),
        }
    }
}
