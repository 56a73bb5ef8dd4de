use registrywatcher::deployment::Running;
use registrywatcher::image::{ImageReference, Repository};
use semver::Version;

use super::{Job, Task};
use crate::address::Address;
use crate::pin;

/// Which tasks of a job an address means.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Selection<'a> {
    pub(crate) address: &'a Address,
    /// The watched repository: without a named task, its images are what is meant.
    pub(crate) repository: &'a Repository,
}

/// Why a job has nothing that can be deployed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// It has no such task.
    Missing(String),
    /// It has one that must not be edited, or cannot.
    Refused(String),
}

impl Selection<'_> {
    /// Whether `task` is meant: by its name, or as one of those that run the repository.
    pub(crate) fn means(&self, task: &Task<'_>) -> bool {
        self.address.covers(task.group(), task.name())
            && (self.address.task.is_some()
                || task
                    .image()
                    .is_ok_and(|image| image.reference.repository() == self.repository))
    }

    /// The tasks that are meant; at least one, all with an image that can be set.
    pub(crate) fn tasks<'j>(&self, job: &'j Job) -> Result<Vec<Task<'j>>, Obstacle> {
        let tasks: Vec<_> = job.tasks().filter(|task| self.means(task)).collect();
        if tasks.is_empty() {
            return Err(Obstacle::Missing(self.what_is_missing(job)));
        }
        match tasks.iter().find_map(|task| task.image().err()) {
            Some(problem) => Err(Obstacle::Refused(problem)),
            None => Ok(tasks),
        }
    }

    fn what_is_missing(&self, job: &Job) -> String {
        if self.address.task.is_some() {
            return no_such_task(job, self.address);
        }
        let found: Vec<_> = job
            .tasks()
            .filter(Task::has_image)
            .map(|task| task.written())
            .collect();
        let found = if found.is_empty() {
            "none".to_owned()
        } else {
            found.join(", ")
        };
        format!(
            "no task of the job runs an image of {}; found {found}",
            self.repository
        )
    }
}

impl Job {
    /// What the tasks under `address` run. Where the address names no task and the watched repository is not known, the
    /// images must be of one repository, or ours.
    pub(crate) fn running(
        &self,
        address: &Address,
        nomad: Option<&Version>,
    ) -> Result<Option<Running>, Obstacle> {
        let covered: Vec<_> = self
            .tasks()
            .filter(|task| address.covers(task.group(), task.name()))
            .collect();
        if covered.is_empty() {
            return Err(Obstacle::Missing(no_such_task(self, address)));
        }
        if self.is_stopped() {
            return Ok(None);
        }
        let mut running = Vec::new();
        for task in covered.iter().filter(|task| task.has_image()) {
            match task.running(nomad) {
                Ok(found) => running.push(found),
                Err(problem) if address.task.is_some() => return Err(Obstacle::Refused(problem)),
                Err(_) => {}
            }
        }
        representative(running).map_err(Obstacle::Refused)
    }

    /// Whether what [`Self::running`] says depends on the version of Nomad, or the form of an edit does.
    pub(crate) fn depends_on_version(
        &self,
        address: &Address,
        source: Option<&ImageReference>,
    ) -> bool {
        self.tasks()
            .filter(|task| address.covers(task.group(), task.name()))
            .any(|task| {
                let written = task.image().ok();
                let images = written.iter().map(|image| &image.reference).chain(source);
                images
                    .into_iter()
                    .any(|image| pin::depends_on_version(task.driver(), image))
            })
    }
}

/// One that speaks for all: one that is not ours before one that is, so that a difference is seen.
fn representative(mut running: Vec<Running>) -> Result<Option<Running>, String> {
    if several_repositories(&running) && running.iter().any(|found| found.mark.is_some()) {
        running.retain(|found| found.mark.is_some());
    }
    if several_repositories(&running) {
        let found: Vec<_> = running.iter().map(|found| found.image.spelling()).collect();
        return Err(format!(
            "the job runs images of several repositories ({}); name `task`",
            found.join(", ")
        ));
    }
    let stranger = running
        .iter()
        .position(|found| found.mark.is_none())
        .unwrap_or_default();
    Ok(if running.is_empty() {
        None
    } else {
        Some(running.swap_remove(stranger))
    })
}

fn several_repositories(running: &[Running]) -> bool {
    running
        .windows(2)
        .any(|pair| pair[0].image.repository() != pair[1].image.repository())
}

fn no_such_task(job: &Job, address: &Address) -> String {
    let wanted: Vec<_> = [("group", &address.group), ("task", &address.task)]
        .iter()
        .filter_map(|(key, value)| value.as_ref().map(|value| format!("{key} `{value}`")))
        .collect();
    let found: Vec<_> = job
        .tasks()
        .map(|task| format!("{}/{}", task.group(), task.name()))
        .collect();
    format!(
        "the job has no {}; it has {}",
        wanted.join(" with "),
        found.join(", ")
    )
}
