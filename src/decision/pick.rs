use std::sync::Arc;

use crate::image::{Tag, TagList};
use crate::policy::TagPolicy;

/// What a policy picked, and from what.
///
/// Reading every tag of a listing as a version costs more than all the rest of a decision, and most polls see the listing of
/// the poll before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pick {
    tags: Arc<TagList>,
    last_deployed: Option<Tag>,
    wanted: Option<Tag>,
}

impl Pick {
    /// Picks from a listing.
    pub fn new(policy: &TagPolicy, tags: &Arc<TagList>, last_deployed: Option<&Tag>) -> Self {
        Self {
            tags: Arc::clone(tags),
            last_deployed: last_deployed.cloned(),
            wanted: policy.select(tags, last_deployed).wanted,
        }
    }

    /// Whether the same policy would pick the same again: from the very same listing, after the same deployment.
    pub fn holds(&self, tags: &Arc<TagList>, last_deployed: Option<&Tag>) -> bool {
        Arc::ptr_eq(&self.tags, tags) && self.last_deployed.as_ref() == last_deployed
    }

    /// The tag that was picked, if any is admitted.
    pub fn wanted(&self) -> Option<&Tag> {
        self.wanted.as_ref()
    }
}
