use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::App;
use super::world::World;
use crate::image::{Digest, Image, Repository, Tag, TagList};
use crate::ports::{LoggedTag, StoreError, TagChanges, TagLogQuery};

/// How many tags are read from the log at a time.
const PAGE: u32 = 1000;

/// What is in the log of tags already, of one repository.
#[derive(Debug)]
pub(super) struct Logged {
    /// The listing that was compared with the log last, if there was one.
    tags: Option<Arc<TagList>>,
    /// What the followed tags point to by the log.
    images: Vec<(Tag, Digest)>,
}

impl App {
    /// Writes down what a poll of `repository` saw, where that is not what was written last. A poll that saw nothing new costs
    /// no statement, and one that failed changes nothing.
    ///
    /// A store that fails delays no deployment: the next poll finds the same differences again.
    pub(super) async fn log_tags(&self, repository: &Repository, at: DateTime<Utc>) {
        if let Err(error) = self.try_log_tags(repository, at).await {
            tracing::warn!(image.repository = %repository, "cannot write the log of tags: {error}");
        }
    }

    async fn try_log_tags(
        &self,
        repository: &Repository,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let Some(seen) = self.world().unlogged(repository) else {
            return Ok(());
        };
        let mut changes = TagChanges {
            repository: repository.clone(),
            at,
            listed: Vec::new(),
            gone: Vec::new(),
            resolved: seen.images,
        };
        match (&seen.tags, seen.logged_tags) {
            (Some(now), Some(before)) => compare(now, before.iter(), &mut changes),
            (Some(now), None) => {
                let before = self.logged_tags(repository).await?;
                compare(now, before.iter().map(Tag::as_str), &mut changes);
            }
            (None, _) => {}
        }
        if !(changes.listed.is_empty() && changes.gone.is_empty() && changes.resolved.is_empty()) {
            self.ports.store.log_tags(&changes).await?;
        }
        self.world()
            .note_logged(repository, seen.tags, changes.resolved);
        Ok(())
    }

    /// What the log has as listed now.
    async fn logged_tags(&self, repository: &Repository) -> Result<Vec<Tag>, StoreError> {
        let (mut tags, mut after) = (Vec::new(), None);
        loop {
            let query = TagLogQuery {
                repository: repository.clone(),
                tag: None,
                current: true,
                after,
                limit: PAGE,
            };
            let page = self.ports.store.tag_log(&query).await?;
            after = page.last().map(|row| row.tag.clone());
            let listed = page.into_iter().filter(|row| row.image.is_none());
            tags.extend(listed.map(|LoggedTag { tag, .. }| tag));
            if after.is_none() {
                return Ok(tags);
            }
        }
    }

    /// Removes from the log of tags what is older than the retention allows; to be called now and then.
    pub async fn prune_tag_log(&self) -> Result<u64, StoreError> {
        let before = self.ports.clock.now() - self.settings.tag_log_retention;
        self.ports.store.prune_tag_log(before).await
    }

    /// The log of a repository's tags.
    pub async fn tag_log(&self, query: &TagLogQuery) -> Result<Vec<LoggedTag>, StoreError> {
        self.ports.store.tag_log(query).await
    }
}

/// What was seen, and what the log has of it.
struct Unlogged {
    tags: Option<Arc<TagList>>,
    logged_tags: Option<Arc<TagList>>,
    /// Only what is not in the log.
    images: Vec<(Tag, Image)>,
}

impl World {
    /// `None` where nothing is new. A list that could not be read now is as it was.
    fn unlogged(&self, repository: &Repository) -> Option<Unlogged> {
        let followed = self.repositories.get(repository)?;
        let logged = followed.logged.as_ref();
        let tags = followed.observation.listing().last_known();
        let logged_tags = logged.and_then(|logged| logged.tags.as_ref());
        let is_logged = |tag: &Tag, image: &Image| {
            let mut known = logged.into_iter().flat_map(|logged| &logged.images);
            known.any(|(known, digest)| known == tag && *digest == image.digest)
        };
        let images: Vec<(Tag, Image)> = followed
            .observation
            .images()
            .filter(|(tag, image)| !is_logged(tag, image))
            .map(|(tag, image)| (tag.clone(), image.clone()))
            .collect();
        let is_same = match (tags, logged_tags) {
            (Some(tags), Some(logged)) => Arc::ptr_eq(tags, logged),
            (tags, _) => tags.is_none(),
        };
        (!is_same || !images.is_empty()).then(|| Unlogged {
            tags: tags.cloned(),
            logged_tags: logged_tags.cloned(),
            images,
        })
    }

    fn note_logged(
        &mut self,
        repository: &Repository,
        tags: Option<Arc<TagList>>,
        resolved: Vec<(Tag, Image)>,
    ) {
        let Some(followed) = self.repositories.get_mut(repository) else {
            return;
        };
        let before = followed.logged.take().map(|logged| logged.images);
        let mut images: BTreeMap<Tag, Digest> = before.into_iter().flatten().collect();
        images.extend(resolved.into_iter().map(|(tag, image)| (tag, image.digest)));
        images.retain(|tag, _| followed.observation.resolution(tag).is_some());
        let images = images.into_iter().collect();
        followed.logged = Some(Logged { tags, images });
    }
}

/// Notes what is other in `now` than `before`; both are in byte order.
fn compare<'a>(now: &TagList, before: impl Iterator<Item = &'a str>, changes: &mut TagChanges) {
    let (mut now, mut before) = (now.iter().peekable(), before.peekable());
    loop {
        match (now.peek(), before.peek()) {
            (Some(new), Some(old)) if new == old => {
                now.next();
                before.next();
            }
            (Some(new), old) if old.is_none_or(|old| new < old) => {
                changes.listed.extend(new.parse().ok());
                now.next();
            }
            (_, Some(old)) => {
                changes.gone.extend(old.parse().ok());
                before.next();
            }
            (_, None) => return,
        }
    }
}
