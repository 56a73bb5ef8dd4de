use registrywatcher::deployment::DeploymentId;
use registrywatcher::image::Image;

use crate::handle::Handle;
use crate::job::{Job, Selection};

/// What a rollout should bring about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected<'a> {
    pub(crate) selection: Selection<'a>,
    pub(crate) id: DeploymentId,
    pub(crate) image: &'a Image,
    pub(crate) handle: &'a Handle,
}

impl Expected<'_> {
    /// Whether `job` has the image in each task, and our mark beside it if we registered it. A later version of it may
    /// as well: scaling a job makes one.
    pub(crate) fn is_met_by(&self, job: &Job) -> bool {
        self.selection.tasks(job).is_ok_and(|tasks| {
            tasks
                .iter()
                .filter_map(|task| task.running(None).ok())
                .all(|running| {
                    running
                        .image
                        .digest()
                        .is_some_and(|digest| self.image.has_digest(digest, None))
                        && (self.handle.unchanged || running.mark == Some(self.id))
                })
        })
    }

    /// The version of the job that we registered, if Nomad still has it.
    pub(super) fn version<'j>(&self, versions: &'j [Job]) -> Option<&'j Job> {
        versions.iter().find(|version| {
            if self.handle.unchanged {
                version.version() == self.handle.version
            } else {
                version.carries(self.id)
            }
        })
    }

    /// The groups of the selected tasks.
    pub(super) fn groups(&self, job: &Job) -> Vec<String> {
        let mut groups: Vec<_> = self
            .selection
            .tasks(job)
            .unwrap_or_default()
            .iter()
            .map(|task| task.group().to_owned())
            .collect();
        groups.dedup();
        groups
    }

    /// What the selected tasks run, to tell whether two versions of a job are alike in it.
    pub(super) fn content(&self, job: &Job) -> Vec<(String, String, String, Option<DeploymentId>)> {
        job.tasks()
            .filter(|task| self.selection.means(task))
            .map(|task| {
                (
                    task.group().to_owned(),
                    task.name().to_owned(),
                    task.written().to_owned(),
                    task.deployment(),
                )
            })
            .collect()
    }
}
