use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registrywatcher::deployment::Deployment;
use registrywatcher::event::{Event, EventId, EventKind};
use registrywatcher::intent::Target;
use registrywatcher::ports::{
    Committed, DeadLetter, DeadLetterQuery, DeploymentQuery, EventQuery, EventRange, LeaseClaim,
    LoggedTag, ReplicaId, Resource, Scope, Snapshot, Step, Store, StoreError, TagChanges,
    TagLogQuery,
};

use super::Wire;
use crate::sabotage::Sabotage;
use crate::town::Town;

const LATENCY: Duration = Duration::from_millis(80);

/// The store of the town, as one life of a replica reaches it.
pub(super) struct WiredStore {
    wire: Wire,
}

impl WiredStore {
    pub(super) fn new(wire: Wire) -> Self {
        Self { wire }
    }

    fn town(&self) -> &Town {
        &self.wire.town
    }

    async fn reach(&self) -> Result<(), StoreError> {
        self.wire.pass(LATENCY).await;
        if self.wire.store_fails() {
            return Err(unavailable("it cannot be reached"));
        }
        Ok(())
    }

    async fn answer<T>(&self, answer: Result<T, StoreError>) -> Result<T, StoreError> {
        self.wire.pass(LATENCY).await;
        answer
    }

    /// What is loaded, less what the sabotage loses.
    fn sabotaged(&self, mut snapshot: Snapshot) -> Snapshot {
        let town = self.town();
        if town.is_sabotaged(Sabotage::ForgetsQuarantine) {
            snapshot.restraints.quarantine.clear();
        }
        for watch in &mut snapshot.watches {
            if town.is_sabotaged(Sabotage::LosesPins) {
                watch.intent.target = Target::Track;
            }
            if town.is_sabotaged(Sabotage::ForgetsAutoDeployOff) {
                watch.intent.auto_deploy = true;
            }
            if town.is_sabotaged(Sabotage::ForgetsQuarantine) {
                watch
                    .workloads
                    .iter_mut()
                    .for_each(|stored| stored.failed = None);
            }
        }
        snapshot
    }

    /// What is committed, as the sabotage has it. What a sabotaged load lost is only forgotten, and not stored.
    fn betrayed(&self, mut step: Step) -> Step {
        let town = self.town();
        if let Some(watch) = &mut step.watch
            && (town.is_sabotaged(Sabotage::LosesPins)
                || town.is_sabotaged(Sabotage::ForgetsAutoDeployOff))
        {
            let ledger = town.ledger();
            let changed_by = step.events.iter().find_map(|event| match &event.kind {
                EventKind::IntentChanged { by, .. } => ledger.model.wish_after(by).ok(),
                _ => None,
            });
            let unchanged = || ledger.model.wish(&watch.name).clone();
            let wish = changed_by.map_or_else(unchanged, |(_, wish)| wish);
            watch.intent.target = wish.target;
            watch.intent.auto_deploy = wish.auto_deploy;
        }
        if town.is_sabotaged(Sabotage::LosesEvents) {
            step.events
                .retain(|event| event.kind.name() != "deployment_failed");
        }
        if town.is_sabotaged(Sabotage::LosesRequests)
            && step.deployments.is_empty()
            && let Some(watch) = &mut step.watch
            && town.chance.one_in(4)
        {
            watch.requests.clear();
        }
        step
    }
}

#[async_trait]
impl Store for WiredStore {
    async fn load(&self, scope: &Scope) -> Result<Snapshot, StoreError> {
        self.reach().await?;
        let answer = self.town().store.load(scope).await;
        let answer = answer.map(|snapshot| self.sabotaged(snapshot));
        self.answer(answer).await
    }

    async fn commit(&self, step: Step) -> Result<Committed, StoreError> {
        let decided = self.town().ledger().moment();
        self.reach().await?;
        let town = self.town();
        let step = self.betrayed(step);
        let mut answer = town.store.commit(step.clone()).await;
        let mut stored = step.clone();
        if matches!(answer, Err(StoreError::UnitBusy)) && town.is_sabotaged(Sabotage::SharesUnits) {
            // Under another name the unit is free.
            for deployment in &mut stored.deployments {
                let alias = format!("{}/{}", deployment.unit, deployment.id);
                deployment.unit = registrywatcher::watch::Unit::from_stored(alias);
            }
            answer = town.store.commit(stored.clone()).await;
        }
        if let Ok(committed) = &answer {
            town.ledger()
                .committed(self.wire.life, decided, &stored, committed);
            if self.wire.loses_answer() {
                answer = Err(unavailable("the connection was lost before the answer"));
            }
        }
        self.answer(answer).await
    }

    async fn deployments(&self, query: &DeploymentQuery) -> Result<Vec<Deployment>, StoreError> {
        self.reach().await?;
        let answer = self.town().store.deployments(query).await;
        self.answer(answer).await
    }

    async fn events(&self, query: &EventQuery) -> Result<Vec<Event>, StoreError> {
        self.reach().await?;
        // Most often there is nothing new, which need not be looked for among all that ever happened.
        let is_empty = match query.range {
            EventRange::After(after) => after >= self.town().ledger().last_event(),
            EventRange::Before(_) => false,
        };
        let answer = if is_empty {
            Ok(Vec::new())
        } else {
            self.town().store.events(query).await
        };
        self.answer(answer).await
    }

    async fn advance_cursor(&self, sink: &str, event: EventId) -> Result<(), StoreError> {
        self.reach().await?;
        let town = self.town();
        let skips = town.is_sabotaged(Sabotage::SkipsEvents) && town.chance.one_in(20);
        let event = event + u64::from(skips);
        let answer = town.store.advance_cursor(sink, event).await;
        if answer.is_ok() {
            town.ledger().served(sink, event);
        }
        self.answer(answer).await
    }

    async fn bury(&self, letter: &DeadLetter) -> Result<(), StoreError> {
        self.reach().await?;
        let answer = self.town().store.bury(letter).await;
        if answer.is_ok() {
            self.town().ledger().buried(&letter.sink, letter.event);
        }
        self.answer(answer).await
    }

    async fn dead_letters(&self, query: &DeadLetterQuery) -> Result<Vec<DeadLetter>, StoreError> {
        self.reach().await?;
        let answer = self.town().store.dead_letters(query).await;
        self.answer(answer).await
    }

    async fn remove_dead_letter(&self, sink: &str, event: EventId) -> Result<(), StoreError> {
        self.reach().await?;
        let answer = self.town().store.remove_dead_letter(sink, event).await;
        if answer.is_ok() {
            self.town().ledger().dug_up(sink, event);
        }
        self.answer(answer).await
    }

    async fn lease(&self, claim: &LeaseClaim) -> Result<BTreeSet<Resource>, StoreError> {
        let asked = self.town().trace.elapsed();
        self.reach().await?;
        let answer = self.town().store.lease(claim).await;
        let answer = self.answer(answer).await;
        if let Ok(granted) = &answer {
            let town = self.town();
            town.ledger().leased(self.wire.life, asked, granted);
        }
        answer
    }

    async fn release(&self, replica: ReplicaId) -> Result<(), StoreError> {
        self.reach().await?;
        let answer = self.town().store.release(replica).await;
        self.answer(answer).await
    }

    async fn generation(&self, fingerprint: &str) -> Result<u64, StoreError> {
        self.reach().await?;
        let answer = self.town().store.generation(fingerprint).await;
        self.answer(answer).await
    }

    async fn log_tags(&self, changes: &TagChanges) -> Result<(), StoreError> {
        self.reach().await?;
        let answer = self.town().store.log_tags(changes).await;
        self.answer(answer).await
    }

    async fn tag_log(&self, query: &TagLogQuery) -> Result<Vec<LoggedTag>, StoreError> {
        self.reach().await?;
        let answer = self.town().store.tag_log(query).await;
        self.answer(answer).await
    }

    async fn prune_tag_log(&self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        self.reach().await?;
        let answer = self.town().store.prune_tag_log(before).await;
        self.answer(answer).await
    }
}

fn unavailable(problem: &str) -> StoreError {
    StoreError::Unavailable {
        problem: problem.to_owned(),
        source: None,
    }
}
