//! Finds the tasks that ask to be watched.

use std::collections::HashMap;

use futures::StreamExt;
use registrywatcher::ports::{DiscoverError, Discovered, POLICY_LABEL};
use registrywatcher::watch::{DeployerName, Workload};
use tokio::sync::Mutex;

use crate::client::{Client, Route};
use crate::error::ApiError;
use crate::job::{Job, Labelled};
use crate::wire::JobStub;

/// As many jobs as a page of the list has; servers before 1.3 know no pages, and answer with all.
const PER_PAGE: &str = "200";
/// How many specifications are read at the same time.
const MOST_READS: usize = 8;
const ALL: &str = "*";

/// What was found in the jobs of the last list.
#[derive(Debug, Default)]
pub(crate) struct KnownJobs(Mutex<HashMap<JobId, Known>>);

/// A namespace, and the id of a job in it.
type JobId = (String, String);

#[derive(Debug)]
struct Known {
    /// The index and the time of the specification that was read.
    revision: (u64, i64),
    tasks: Vec<Labelled>,
}

/// Looks through the jobs of a Nomad.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Finder<'a> {
    pub(crate) client: &'a Client,
    pub(crate) deployer: &'a DeployerName,
    /// The namespace that is looked through, or `*`.
    pub(crate) searched: &'a str,
    /// The namespace of addresses that name none.
    pub(crate) namespace: &'a str,
}

impl Finder<'_> {
    /// Reads each job that is not `known` as it is listed, and gives the tasks that ask to be watched. A job that may be
    /// listed and not read is an error: it might have some.
    pub(crate) async fn find(&self, known: &KnownJobs) -> Result<Vec<Discovered>, DiscoverError> {
        let listed = self.list().await?;
        // Two at once would ask the same twice.
        let mut known = known.0.lock().await;
        known.retain(|id, job| listed.get(id) == Some(&job.revision));
        let unknown: Vec<_> = listed
            .into_iter()
            .filter(|(id, _)| !known.contains_key(id))
            .map(|(id, revision)| self.read(id, revision))
            .collect();
        let mut reads = futures::stream::iter(unknown).buffer_unordered(MOST_READS);
        while let Some(read) = reads.next().await {
            if let Some((id, job)) = read? {
                known.insert(id, job);
            }
        }
        let mut found: Vec<_> = known
            .iter()
            .flat_map(|(id, job)| job.tasks.iter().map(move |task| self.discovered(id, task)))
            .collect();
        found.sort_by(|one, other| one.workload.cmp(&other.workload));
        Ok(found)
    }

    /// The jobs that might have a task to be watched, and their revisions.
    async fn list(&self) -> Result<HashMap<JobId, (u64, i64)>, DiscoverError> {
        let denied = |error| explain(error, self.searched);
        let mut stubs = Vec::new();
        let mut from: Option<String> = None;
        loop {
            let mut route = Route::new(self.searched, &["jobs"]).with("per_page", PER_PAGE);
            if let Some(token) = &from {
                route = route.with("next_token", token);
            }
            let page = self.client.read::<Option<Vec<JobStub>>>(&route).await;
            let page = page.map_err(denied)?;
            stubs.extend(page.value.unwrap_or_default());
            match page.next_token {
                None => break,
                // What is not seen would be taken for gone.
                same if same == from => return Err(endless()),
                next => from = next,
            }
        }
        if stubs.is_empty() && self.searched == ALL {
            self.probe().await?;
        }
        let is_own = |stub: &JobStub| !stub.stop && stub.parent.is_empty();
        let jobs = stubs.into_iter().filter(is_own).map(|stub| {
            let namespace = Some(stub.namespace).filter(|namespace| !namespace.is_empty());
            let id = (
                namespace.unwrap_or_else(|| self.namespace.to_owned()),
                stub.id,
            );
            (id, (stub.job_modify_index, stub.submit_time))
        });
        Ok(jobs.collect())
    }

    /// Tells a cluster without jobs from a token that sees none: of all namespaces Nomad lists those that it may see, be it
    /// none, and only where one is named it says no.
    async fn probe(&self) -> Result<(), DiscoverError> {
        let route = Route::new(self.namespace, &["jobs"]).with("per_page", "1");
        let answer = self.client.read::<Option<Vec<JobStub>>>(&route).await;
        answer.map_err(|error| explain(error, self.namespace))?;
        Ok(())
    }

    /// The tasks of a job, unless it is gone meanwhile.
    async fn read(
        &self,
        id: JobId,
        revision: (u64, i64),
    ) -> Result<Option<(JobId, Known)>, DiscoverError> {
        let (namespace, name) = &id;
        let route = Route::new(namespace, &["job", name]);
        let job = self.client.find::<Job>(&route).await;
        let Some(job) = job.map_err(|error| explain(error, namespace))? else {
            return Ok(None);
        };
        if job.value.has_stray_policy() {
            tracing::warn!(
                namespace,
                job = name,
                "`{POLICY_LABEL}` stands in the meta of the job or of a group, where it counts for nothing; move it to the task"
            );
        }
        let tasks = job.value.labelled();
        Ok(Some((id, Known { revision, tasks })))
    }

    fn discovered(&self, (namespace, job): &JobId, task: &Labelled) -> Discovered {
        let mut parts = vec![
            ("job", job.as_str()),
            ("group", task.group.as_str()),
            ("task", task.task.as_str()),
        ];
        if namespace != self.namespace {
            parts.push(("namespace", namespace));
        }
        Discovered {
            workload: Workload {
                deployer: self.deployer.clone(),
                address: parts.as_slice().into(),
            },
            image: task.image.clone(),
            labels: task.labels.clone(),
        }
    }
}

fn endless() -> DiscoverError {
    DiscoverError {
        problem: "nomad's list of jobs does not go on: its next page begins where this one does; look at what stands in \
                  front of it"
            .to_owned(),
        source: None,
    }
}

/// What a failed read of the jobs in `namespace` means.
fn explain(error: ApiError, namespace: &str) -> DiscoverError {
    let problem = match &error {
        ApiError::Denied(said) if namespace == ALL => {
            format!("nomad answers {said}; look at the token")
        }
        ApiError::Denied(said) => format!(
            "nomad answers {said}; give the token `list-jobs` and `read-job` in namespace `{namespace}`, or set \
             `namespace` to one where it has them"
        ),
        other => other.to_string(),
    };
    let source = match error {
        ApiError::Unavailable { source, .. } => source,
        _ => None,
    };
    DiscoverError { problem, source }
}
