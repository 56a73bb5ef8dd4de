use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use registrywatcher::image::{Digest, Image, Repository, Tag, TagList};
use registrywatcher::ports::{ImageMetadata, Registry, RegistryError};
use tokio::time::sleep;

use super::Wire;
use crate::sabotage::Sabotage;

const LATENCY: Duration = Duration::from_millis(400);

/// The registry of the town, as one life of a replica reaches it.
pub(super) struct WiredRegistry {
    wire: Wire,
}

impl WiredRegistry {
    pub(super) fn new(wire: Wire) -> Self {
        Self { wire }
    }

    async fn reach(&self) {
        self.wire.pass(LATENCY).await;
        if let Some(wait) = self.wire.town.registry_delay() {
            sleep(wait).await;
        }
    }

    /// The listing that the registry could not give, without its last tags.
    fn partial(&self, repository: &Repository) -> Arc<TagList> {
        let tags = self.wire.town.registry.contents(repository);
        let most = tags
            .len()
            .saturating_sub(1 + self.wire.town.chance.below(3));
        let first = tags.iter().take(most).map(|(tag, _)| tag.as_str());
        Arc::new(TagList::collect(first))
    }
}

#[async_trait]
impl Registry for WiredRegistry {
    async fn tags(&self, repository: &Repository) -> Result<Arc<TagList>, RegistryError> {
        let town = &self.wire.town;
        let asked = town.ledger().moment();
        self.reach().await;
        let listed = town.registry.tags(repository).await;
        self.wire.pass(LATENCY).await;
        town.ledger()
            .listed(self.wire.life, repository, asked, listed.as_ref().ok());
        match listed {
            Err(_) if town.is_sabotaged(Sabotage::PartialListings) => Ok(self.partial(repository)),
            listed => listed,
        }
    }

    async fn resolve(
        &self,
        repository: &Repository,
        tag: &Tag,
        known: Option<&Image>,
    ) -> Result<Option<Image>, RegistryError> {
        let town = &self.wire.town;
        let asked = town.ledger().moment();
        self.reach().await;
        let resolved = town.registry.resolve(repository, tag, known).await;
        self.wire.pass(LATENCY).await;
        town.ledger().resolved(
            self.wire.life,
            repository,
            tag,
            asked,
            resolved.as_ref().ok(),
        );
        resolved
    }

    async fn metadata(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<ImageMetadata, RegistryError> {
        self.reach().await;
        self.wire.town.registry.metadata(repository, digest).await
    }
}
