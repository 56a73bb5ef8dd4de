use chrono::{DateTime, Utc};

use crate::app::App;
use crate::image::{Image, Tag};
use crate::policy::Rejection;
use crate::ports::{LoggedTag, StoreError, TagLogQuery};
use crate::watch::{Watch, WatchName};

/// What is known of one tag of a watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagView {
    /// The tag.
    pub tag: Tag,
    /// What it was last seen to point to, if it was ever looked at.
    pub image: Option<Image>,
    /// When it was seen first.
    pub first_seen: DateTime<Utc>,
    /// The version that the policy reads it as, if it orders by versions and this is one.
    pub version: Option<String>,
    /// Whether the policy admits it, and if not, why.
    pub admitted: Result<(), Rejection>,
    /// Whether it is the wanted one.
    pub wanted: bool,
}

impl App {
    /// The tags that the repository of a watch has, after one in byte order, by the log of tags; `None` if the watch is not
    /// configured.
    pub async fn tags(
        &self,
        name: &WatchName,
        after: Option<&Tag>,
        limit: u32,
    ) -> Result<Option<Vec<TagView>>, StoreError> {
        let Some(view) = self.watch(name) else {
            return Ok(None);
        };
        let query = TagLogQuery {
            repository: view.watch.repository().clone(),
            tag: None,
            current: true,
            after: after.cloned(),
            limit,
        };
        let logged = self.ports.store.tag_log(&query).await?;
        let of_tags = logged.chunk_by(|a, b| a.tag == b.tag);
        let wanted = view.wanted.as_ref().ok();
        Ok(Some(
            of_tags
                .filter_map(|logged| TagView::new(&view.watch, logged, wanted))
                .collect(),
        ))
    }
}

impl TagView {
    /// By all that is logged of one tag.
    fn new(watch: &Watch, logged: &[LoggedTag], wanted: Option<&Tag>) -> Option<Self> {
        let tag = logged.first()?.tag.clone();
        let newest = logged.iter().filter(|entry| entry.image.is_some());
        let newest = newest.max_by_key(|entry| entry.first_seen);
        Some(Self {
            image: newest.and_then(|entry| entry.image.clone()),
            first_seen: logged.iter().map(|entry| entry.first_seen).min()?,
            version: watch
                .policy
                .version_of(&tag)
                .map(|version| version.to_string()),
            admitted: watch.policy.admit(&tag),
            wanted: wanted == Some(&tag),
            tag,
        })
    }
}
