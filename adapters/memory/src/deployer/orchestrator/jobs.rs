use std::collections::BTreeMap;

use registrywatcher::deployment::Running;
use registrywatcher::image::ImageReference;
use registrywatcher::ports::{Discovered, LABEL_PREFIX, POLICY_LABEL};
use registrywatcher::watch::Workload;

use super::{Job, Orchestrator};

/// What others make of the jobs, and find in them.
impl Orchestrator {
    pub(in crate::deployer) fn add(&mut self, job: &str, image: Option<ImageReference>) {
        self.jobs.insert(
            job.to_owned(),
            Job {
                runs: image.map(unmarked),
                generation: 0,
                count: 1,
                labels: BTreeMap::new(),
                workload: None,
            },
        );
    }

    pub(in crate::deployer) fn remove(&mut self, job: &str) {
        self.jobs.remove(job);
    }

    pub(in crate::deployer) fn deploy_outside(&mut self, job: &str, image: ImageReference) {
        self.supersede(job);
        let Some(job) = self.jobs.get_mut(job) else {
            panic!("there is no job `{job}`")
        };
        job.runs = Some(unmarked(image));
        job.generation += 1;
    }

    /// Whether somebody else deploys to `job` at this moment, which he then does.
    pub(in crate::deployer) fn is_beaten_to(&mut self, job: &str) -> bool {
        let is_of_job = |(of, _): &(String, _)| of == job;
        let Some(index) = self.meanwhile.iter().position(is_of_job) else {
            return false;
        };
        if let Some((job, image)) = self.meanwhile.remove(index) {
            self.deploy_outside(&job, image);
        }
        true
    }

    pub(in crate::deployer) fn scale(&mut self, job: &str, count: u32) {
        if let Some(job) = self.jobs.get_mut(job) {
            job.count = count;
        }
    }

    pub(in crate::deployer) fn count(&self, job: &str) -> u32 {
        self.jobs.get(job).map_or(0, |job| job.count)
    }

    pub(in crate::deployer) fn label(
        &mut self,
        job: &str,
        workload: Workload,
        labels: BTreeMap<String, String>,
    ) {
        if let Some(job) = self.jobs.get_mut(job) {
            job.labels = labels;
            job.workload = Some(workload);
        }
    }

    pub(in crate::deployer) fn discover(&self) -> Vec<Discovered> {
        let asking = self
            .jobs
            .values()
            .filter(|job| job.labels.contains_key(POLICY_LABEL));
        let found = asking.filter_map(|job| {
            let ours = job.labels.iter();
            let ours = ours.filter(|(label, _)| label.starts_with(LABEL_PREFIX));
            Some(Discovered {
                workload: job.workload.clone()?,
                image: job.runs.as_ref()?.image.to_string(),
                labels: ours
                    .map(|(label, value)| (label.clone(), value.clone()))
                    .collect(),
            })
        });
        let mut found: Vec<_> = found.collect();
        found.sort_by(|a, b| a.workload.cmp(&b.workload));
        found
    }
}

/// What runs an image that was not deployed by us.
fn unmarked(image: ImageReference) -> Running {
    Running {
        image,
        tag: None,
        platform: None,
        mark: None,
    }
}
