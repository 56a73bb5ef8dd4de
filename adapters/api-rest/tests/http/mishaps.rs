//! Adapters that do what no adapter should.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registrywatcher::deployment::Deployment;
use registrywatcher::event::{Event, EventId};
use registrywatcher::image::{Digest, Image, Repository, Tag, TagList};
use registrywatcher::ports::{
    Committed, DeadLetter, DeadLetterQuery, DeploymentQuery, EventQuery, ImageMetadata, LeaseClaim,
    LoggedTag, Registry, RegistryError, ReplicaId, Resource, Scope, Snapshot, Step, Store,
    StoreError, TagChanges, TagLogQuery,
};
use registrywatcher_memory::{MemoryRegistry, MemoryStore};
use tokio::sync::Semaphore;

/// What happens whenever deployments or events are read.
#[derive(Clone, Copy)]
pub(crate) enum Mishap {
    Hangs,
    Panics,
}

impl Mishap {
    async fn happen(self) -> ! {
        match self {
            Self::Hangs => std::future::pending().await,
            Self::Panics => panic!("a bug of the store"),
        }
    }
}

/// A store whose history cannot be read.
pub(crate) struct UnluckyStore(pub(crate) MemoryStore, pub(crate) Mishap);

#[async_trait]
impl Store for UnluckyStore {
    async fn load(&self, scope: &Scope) -> Result<Snapshot, StoreError> {
        self.0.load(scope).await
    }

    async fn commit(&self, step: Step) -> Result<Committed, StoreError> {
        self.0.commit(step).await
    }

    async fn deployments(&self, _query: &DeploymentQuery) -> Result<Vec<Deployment>, StoreError> {
        self.1.happen().await
    }

    async fn events(&self, _query: &EventQuery) -> Result<Vec<Event>, StoreError> {
        self.1.happen().await
    }

    async fn advance_cursor(&self, sink: &str, event: EventId) -> Result<(), StoreError> {
        self.0.advance_cursor(sink, event).await
    }

    async fn bury(&self, letter: &DeadLetter) -> Result<(), StoreError> {
        self.0.bury(letter).await
    }

    async fn dead_letters(&self, query: &DeadLetterQuery) -> Result<Vec<DeadLetter>, StoreError> {
        self.0.dead_letters(query).await
    }

    async fn remove_dead_letter(&self, sink: &str, event: EventId) -> Result<(), StoreError> {
        self.0.remove_dead_letter(sink, event).await
    }

    async fn lease(&self, claim: &LeaseClaim) -> Result<BTreeSet<Resource>, StoreError> {
        self.0.lease(claim).await
    }

    async fn release(&self, replica: ReplicaId) -> Result<(), StoreError> {
        self.0.release(replica).await
    }

    async fn generation(&self, fingerprint: &str) -> Result<u64, StoreError> {
        self.0.generation(fingerprint).await
    }

    async fn log_tags(&self, changes: &TagChanges) -> Result<(), StoreError> {
        self.0.log_tags(changes).await
    }

    async fn tag_log(&self, query: &TagLogQuery) -> Result<Vec<LoggedTag>, StoreError> {
        self.0.tag_log(query).await
    }

    async fn prune_tag_log(&self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        self.0.prune_tag_log(before).await
    }
}

/// A registry that resolves a tag once there is a permit for it.
pub(crate) struct SlowRegistry(pub(crate) MemoryRegistry, pub(crate) Arc<Semaphore>);

#[async_trait]
impl Registry for SlowRegistry {
    async fn tags(&self, repository: &Repository) -> Result<Arc<TagList>, RegistryError> {
        self.0.tags(repository).await
    }

    async fn resolve(
        &self,
        repository: &Repository,
        tag: &Tag,
        known: Option<&Image>,
    ) -> Result<Option<Image>, RegistryError> {
        self.1.acquire().await.unwrap().forget();
        self.0.resolve(repository, tag, known).await
    }

    async fn metadata(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<ImageMetadata, RegistryError> {
        self.0.metadata(repository, digest).await
    }
}

/// A registry that panics.
pub(crate) struct PanickingRegistry;

#[async_trait]
impl Registry for PanickingRegistry {
    async fn tags(&self, _repository: &Repository) -> Result<Arc<TagList>, RegistryError> {
        panic!("a bug of the registry")
    }

    async fn resolve(
        &self,
        _repository: &Repository,
        _tag: &Tag,
        _known: Option<&Image>,
    ) -> Result<Option<Image>, RegistryError> {
        panic!("a bug of the registry")
    }

    async fn metadata(
        &self,
        _repository: &Repository,
        _digest: &Digest,
    ) -> Result<ImageMetadata, RegistryError> {
        panic!("a bug of the registry")
    }
}
