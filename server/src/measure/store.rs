use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use metrics::{counter, histogram};
use registrywatcher::deployment::{Cause, Deployment, State};
use registrywatcher::event::{Event, EventId};
use registrywatcher::ports::{
    Committed, DeadLetter, DeadLetterQuery, DeploymentQuery, EventQuery, LeaseClaim, LoggedTag,
    ReplicaId, Resource, Scope, Snapshot, Step, Store, StoreError, TagChanges, TagLogQuery,
};

use super::catalogue::{
    DEAD_LETTERS, DEPLOYMENT_DURATION, DEPLOYMENTS, LEASE_CHANGES, SEEN_TO_HEALTHY, STORE_ERRORS,
};
use super::standing::kind_of;
use crate::traces::Traces;

/// Counts what is stored: a deployment that ended is counted once, by the replica that stored its end.
pub(crate) struct MeasuredStore {
    store: Arc<dyn Store>,
    /// What was granted last.
    leases: Mutex<BTreeSet<Resource>>,
    /// Who is told of deployments that ended.
    traces: Option<Traces>,
}

impl MeasuredStore {
    pub(crate) fn new(store: Arc<dyn Store>, traces: Option<Traces>) -> Self {
        Self {
            store,
            leases: Mutex::default(),
            traces,
        }
    }

    fn note_leases(&self, granted: &BTreeSet<Resource>) {
        let mut leases = self.leases.lock().unwrap_or_else(PoisonError::into_inner);
        for gained in granted.difference(&leases) {
            count_lease(kind_of(gained), "gained", 1);
        }
        for lost in leases.difference(granted) {
            count_lease(kind_of(lost), "lost", 1);
        }
        leases.clone_from(granted);
    }

    /// Looks up when the release of `deployment` was first seen, beside what goes on: nobody waits for a measurement.
    fn measure_from_seen(&self, deployment: Deployment, healthy_at: DateTime<Utc>) {
        let store = Arc::clone(&self.store);
        tokio::spawn(async move {
            match seen(&*store, &deployment).await {
                Ok(Some(seen)) => histogram!(SEEN_TO_HEALTHY).record(positive(healthy_at - seen)),
                Ok(None) => {}
                Err(error) => {
                    tracing::debug!(deployment.id = %deployment.id, "when it was seen is not known: {error}");
                }
            }
        });
    }
}

#[async_trait]
impl Store for MeasuredStore {
    async fn load(&self, scope: &Scope) -> Result<Snapshot, StoreError> {
        noted(self.store.load(scope).await)
    }

    async fn commit(&self, step: Step) -> Result<Committed, StoreError> {
        let is_ended = |deployment: &&Deployment| deployment.state.is_terminal();
        let ended: Vec<Deployment> = step.deployments.iter().filter(is_ended).cloned().collect();
        let committed = noted(self.store.commit(step).await)?;
        for deployment in ended {
            note_end(&deployment);
            if let Some(traces) = &self.traces {
                traces.ended(&deployment);
            }
            if let State::Succeeded { at } = deployment.state {
                self.measure_from_seen(deployment, at);
            }
        }
        Ok(committed)
    }

    async fn deployments(&self, query: &DeploymentQuery) -> Result<Vec<Deployment>, StoreError> {
        noted(self.store.deployments(query).await)
    }

    async fn events(&self, query: &EventQuery) -> Result<Vec<Event>, StoreError> {
        noted(self.store.events(query).await)
    }

    async fn advance_cursor(&self, sink: &str, event: EventId) -> Result<(), StoreError> {
        noted(self.store.advance_cursor(sink, event).await)
    }

    async fn bury(&self, letter: &DeadLetter) -> Result<(), StoreError> {
        noted(self.store.bury(letter).await)?;
        count_dead_letter(&letter.sink, 1);
        Ok(())
    }

    async fn dead_letters(&self, query: &DeadLetterQuery) -> Result<Vec<DeadLetter>, StoreError> {
        noted(self.store.dead_letters(query).await)
    }

    async fn remove_dead_letter(&self, sink: &str, event: EventId) -> Result<(), StoreError> {
        noted(self.store.remove_dead_letter(sink, event).await)
    }

    async fn lease(&self, claim: &LeaseClaim) -> Result<BTreeSet<Resource>, StoreError> {
        let granted = noted(self.store.lease(claim).await)?;
        self.note_leases(&granted);
        Ok(granted)
    }

    async fn release(&self, replica: ReplicaId) -> Result<(), StoreError> {
        noted(self.store.release(replica).await)?;
        self.note_leases(&BTreeSet::new());
        Ok(())
    }

    async fn generation(&self, fingerprint: &str) -> Result<u64, StoreError> {
        noted(self.store.generation(fingerprint).await)
    }

    async fn log_tags(&self, changes: &TagChanges) -> Result<(), StoreError> {
        noted(self.store.log_tags(changes).await)
    }

    async fn tag_log(&self, query: &TagLogQuery) -> Result<Vec<LoggedTag>, StoreError> {
        noted(self.store.tag_log(query).await)
    }

    async fn prune_tag_log(&self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        noted(self.store.prune_tag_log(before).await)
    }
}

/// Shows what is counted of the store before there is anything to count.
pub(super) fn begin(shares_work: bool) {
    for kind in [
        "conflict",
        "corrupt",
        "lease_lost",
        "unavailable",
        "unit_busy",
    ] {
        counter!(STORE_ERRORS, "kind" => kind).increment(0);
    }
    for outcome in ["abandoned", "failed", "succeeded", "superseded"] {
        for cause in [
            "digest_changed",
            "drift",
            "first_deploy",
            "newer_version",
            "pin_changed",
            "requested",
            "restore",
        ] {
            counter!(DEPLOYMENTS, "outcome" => outcome, "cause" => cause).increment(0);
        }
    }
    if shares_work {
        for kind in ["sink", "watch"] {
            count_lease(kind, "gained", 0);
            count_lease(kind, "lost", 0);
        }
    }
}

pub(super) fn begin_sink(sink: &str) {
    count_dead_letter(sink, 0);
}

fn noted<T>(outcome: Result<T, StoreError>) -> Result<T, StoreError> {
    if let Err(error) = &outcome {
        let kind = match error {
            StoreError::Conflict { .. } => "conflict",
            StoreError::LeaseLost { .. } => "lease_lost",
            StoreError::UnitBusy => "unit_busy",
            StoreError::Corrupt { .. } => "corrupt",
            StoreError::Unavailable { .. } => "unavailable",
        };
        counter!(STORE_ERRORS, "kind" => kind).increment(1);
    }
    outcome
}

fn count_lease(kind: &'static str, change: &'static str, by: u64) {
    counter!(LEASE_CHANGES, "kind" => kind, "change" => change).increment(by);
}

fn count_dead_letter(sink: &str, by: u64) {
    counter!(DEAD_LETTERS, "sink" => sink.to_owned()).increment(by);
}

fn note_end(deployment: &Deployment) {
    let (State::Succeeded { at }
    | State::Failed { at, .. }
    | State::Superseded { at, .. }
    | State::Abandoned { at, .. }) = deployment.state
    else {
        return;
    };
    let (outcome, cause) = (deployment.state.name(), deployment.cause.name());
    counter!(DEPLOYMENTS, "outcome" => outcome, "cause" => cause).increment(1);
    let took = positive(at - deployment.created_at);
    histogram!(DEPLOYMENT_DURATION, "outcome" => outcome).record(took);
}

/// Whether a deployment follows a push; what an operator wants may have been pushed years ago.
fn is_release(deployment: &Deployment) -> bool {
    matches!(
        deployment.cause,
        Cause::NewerVersion { .. } | Cause::DigestChanged { .. }
    )
}

/// When the release that `deployment` deploys was first seen; `None` where it follows no push.
pub(crate) async fn seen(
    store: &dyn Store,
    deployment: &Deployment,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    if !is_release(deployment) {
        return Ok(None);
    }
    let query = TagLogQuery {
        repository: deployment.repository().clone(),
        tag: Some(deployment.tag().clone()),
        current: true,
        after: None,
        limit: 1,
    };
    let log = store.tag_log(&query).await?;
    Ok(first_seen(deployment, &log))
}

/// When a new tag was listed, or pointed to the image that is deployed, whichever says when it was pushed.
fn first_seen(deployment: &Deployment, log: &[LoggedTag]) -> Option<DateTime<Utc>> {
    let is_new_tag = matches!(deployment.cause, Cause::NewerVersion { .. });
    let tells = |logged: &&LoggedTag| match &logged.image {
        Some(image) => image.digest == deployment.image().digest,
        None => is_new_tag,
    };
    log.iter()
        .filter(tells)
        .map(|logged| logged.first_seen)
        .min()
}

/// The wall clock may have been set back.
fn positive(time: TimeDelta) -> Duration {
    time.to_std().unwrap_or_default()
}
