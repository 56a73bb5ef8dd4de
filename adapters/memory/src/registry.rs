use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use registrywatcher::image::{Digest, Image, RegistryHost, Repository, Tag, TagList};
use registrywatcher::ports::{ImageMetadata, Quota, Registry, RegistryError};

/// A registry in memory, with switches for faults.
#[derive(Debug, Clone, Default)]
pub struct MemoryRegistry {
    state: Arc<Mutex<State>>,
}

/// How a [`MemoryRegistry`] fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegistryFault {
    /// It asks to be left alone for a while.
    RateLimited {
        /// How long.
        retry_after: Duration,
    },
    /// It is down.
    Unavailable,
    /// It refuses the credentials.
    Unauthorized,
    /// A page of each listing is missing; single tags are still resolved.
    Partial,
}

/// How often each question was asked, answered or not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RegistryRequests {
    /// Listings.
    pub tags: usize,
    /// Resolutions of one tag.
    pub resolve: usize,
    /// Readings of an image's metadata.
    pub metadata: usize,
}

#[derive(Debug, Default)]
struct State {
    repositories: BTreeMap<Repository, Contents>,
    metadata: BTreeMap<Digest, ImageMetadata>,
    standing_fault: Option<RegistryFault>,
    next_faults: Option<(usize, RegistryFault)>,
    requests: RegistryRequests,
    quotas: BTreeMap<RegistryHost, Quota>,
}

#[derive(Debug, Default)]
struct Contents {
    tags: BTreeMap<Tag, Image>,
    /// What was listed last, while it is still true.
    listing: Option<Arc<TagList>>,
}

impl MemoryRegistry {
    /// Makes `repository` exist, without tags if it is new.
    pub fn create_repository(&self, repository: &Repository) {
        self.lock()
            .repositories
            .entry(repository.clone())
            .or_default();
    }

    /// Pushes `image` under `tag`, and makes `repository` exist.
    pub fn publish(&self, repository: &Repository, tag: &Tag, image: Image) {
        let mut state = self.lock();
        let contents = state.repositories.entry(repository.clone()).or_default();
        if contents.tags.insert(tag.clone(), image).is_none() {
            contents.listing = None;
        }
    }

    /// Says what the image under `digest` says of itself.
    pub fn describe(&self, digest: &Digest, metadata: ImageMetadata) {
        self.lock().metadata.insert(digest.clone(), metadata);
    }

    /// Deletes `tag`; its repository stays.
    pub fn remove_tag(&self, repository: &Repository, tag: &Tag) {
        if let Some(contents) = self.lock().repositories.get_mut(repository)
            && contents.tags.remove(tag).is_some()
        {
            contents.listing = None;
        }
    }

    /// Deletes `repository` with all its tags.
    pub fn remove_repository(&self, repository: &Repository) {
        self.lock().repositories.remove(repository);
    }

    /// Fails the next `count` questions that `fault` concerns.
    pub fn fail_next(&self, count: usize, fault: RegistryFault) {
        self.lock().next_faults = Some((count, fault));
    }

    /// Fails each question that `fault` concerns, until told otherwise.
    pub fn set_fault(&self, fault: Option<RegistryFault>) {
        self.lock().standing_fault = fault;
    }

    /// The tags of `repository` and what they point to, whatever the faults.
    pub fn contents(&self, repository: &Repository) -> Vec<(Tag, Image)> {
        let state = self.lock();
        let contents = state.repositories.get(repository);
        let tags = contents.into_iter().flat_map(|contents| &contents.tags);
        tags.map(|(tag, image)| (tag.clone(), image.clone()))
            .collect()
    }

    /// Tells what is left of the quota at `host`.
    pub fn tell_quota(&self, host: &RegistryHost, quota: Quota) {
        self.lock().quotas.insert(host.clone(), quota);
    }

    /// How often each question was asked.
    pub fn requests(&self) -> RegistryRequests {
        self.lock().requests
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Fails as the switches say.
    fn check(&mut self, repository: &Repository, is_listing: bool) -> Result<(), RegistryError> {
        let concerns = |fault: RegistryFault| is_listing || fault != RegistryFault::Partial;
        if let Some((count, fault)) = self.next_faults
            && concerns(fault)
            && count > 0
        {
            self.next_faults = Some((count - 1, fault));
            return Err(fault.to_error(repository));
        }
        match self.standing_fault {
            Some(fault) if concerns(fault) => Err(fault.to_error(repository)),
            _ => Ok(()),
        }
    }
}

impl RegistryFault {
    fn to_error(self, repository: &Repository) -> RegistryError {
        let repository = repository.clone();
        let unavailable = |repository, problem: &str| RegistryError::Unavailable {
            repository,
            problem: problem.to_owned(),
            source: None,
        };
        match self {
            Self::RateLimited { retry_after } => RegistryError::RateLimited {
                repository,
                retry_after,
            },
            Self::Unavailable => unavailable(repository, "it is switched off"),
            Self::Partial => unavailable(repository, "a page of its listing is missing"),
            Self::Unauthorized => RegistryError::Unauthorized {
                repository,
                reason: "it is switched to refuse credentials".to_owned(),
            },
        }
    }
}

#[async_trait]
impl Registry for MemoryRegistry {
    async fn tags(&self, repository: &Repository) -> Result<Arc<TagList>, RegistryError> {
        let mut state = self.lock();
        state.requests.tags += 1;
        state.check(repository, true)?;
        let Some(contents) = state.repositories.get_mut(repository) else {
            return Err(RegistryError::NotFound {
                repository: repository.clone(),
            });
        };
        let tags = &contents.tags;
        let listing = contents
            .listing
            .get_or_insert_with(|| Arc::new(TagList::collect(tags.keys().map(Tag::as_str))));
        Ok(Arc::clone(listing))
    }

    async fn resolve(
        &self,
        repository: &Repository,
        tag: &Tag,
        known: Option<&Image>,
    ) -> Result<Option<Image>, RegistryError> {
        let mut state = self.lock();
        state.requests.resolve += 1;
        state.check(repository, false)?;
        // A registry answers a missing tag and a missing repository alike here.
        let found = state
            .repositories
            .get(repository)
            .and_then(|contents| contents.tags.get(tag));
        Ok(found.map(|image| match known {
            Some(known) if known.digest == image.digest => known.clone(),
            _ => image.clone(),
        }))
    }

    async fn metadata(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<ImageMetadata, RegistryError> {
        let mut state = self.lock();
        state.requests.metadata += 1;
        state.check(repository, false)?;
        if !state.repositories.contains_key(repository) {
            return Err(RegistryError::NotFound {
                repository: repository.clone(),
            });
        }
        Ok(state.metadata.get(digest).cloned().unwrap_or_default())
    }

    fn quota(&self, host: &RegistryHost) -> Option<Quota> {
        self.lock().quotas.get(host).cloned()
    }
}
