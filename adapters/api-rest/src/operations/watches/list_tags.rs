use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};
use registrywatcher::app::TagView;
use registrywatcher::image;

use crate::operations::{self, Group, Served};
use crate::permitted::{Permitted, Viewing};
use crate::problem::{Failure, Fault, Kind, Problems};
use crate::wire::{Limit, Rejection, Text, Timestamp, default_limit};

/// A page of the tags that the repository of a watch has.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
struct TagPage {
    /// The tags, in byte order.
    items: Vec<Tag>,
    /// What to give as `after` to get the next page; left out on the last one.
    next: Option<String>,
}

/// What is known of one tag of a watch.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
struct Tag {
    /// The tag.
    #[oai(rename = "tag")]
    name: String,
    /// What it was last seen to point to; left out if it was never looked at, for only what may be wanted is.
    digest: Option<String>,
    /// The version that the policy reads it as, if it orders by versions and this is one.
    version: Option<String>,
    /// When it was seen first.
    first_seen: Timestamp,
    /// Whether the policy admits it.
    admitted: bool,
    /// Why the policy does not admit it; given when it does not.
    rejection: Option<Rejection>,
    /// Whether it is the wanted one.
    wanted: bool,
}

impl From<TagView> for Tag {
    fn from(view: TagView) -> Self {
        Self {
            name: view.tag.to_string(),
            digest: view.image.map(|image| image.digest.to_string()),
            version: view.version,
            first_seen: view.first_seen.into(),
            admitted: view.admitted.is_ok(),
            rejection: view.admitted.err().map(Rejection::from),
            wanted: view.wanted,
        }
    }
}

#[derive(ApiResponse)]
enum Answer {
    /// A page of tags.
    #[oai(status = 200)]
    Listed(Json<TagPage>),
}

struct Refusals;

impl Problems for Refusals {
    const KINDS: &[Kind] = &[Kind::Invalid, Kind::UnknownWatch, Kind::StoreUnavailable];
}

pub(crate) struct ListTags;

#[OpenApi(prefix_path = "/api/v1", tag = "Group::Watches")]
impl ListTags {
    /// List the tags of a watch
    ///
    /// All that the repository had when it was last listed, in byte order, and whether the watch's policy admits each of them.
    /// The registry is not asked: `checkWatch` does that.
    #[oai(
        path = "/watches/:watch/tags",
        method = "get",
        operation_id = "listTags"
    )]
    async fn list_tags(
        &self,
        _caller: Permitted<Viewing>,
        app: Served<'_>,
        /// The name of the watch.
        watch: Path<String>,
        /// Only those after this one, in byte order.
        after: Query<Option<Text<image::Tag>>>,
        /// How many items the page has at most.
        #[oai(
            default = "default_limit",
            validator(minimum(value = "1"), maximum(value = "200"))
        )]
        limit: Query<u32>,
    ) -> Result<Answer, Failure<Refusals>> {
        let limit = Limit(limit.0);
        let name = operations::watch_name(&watch)?;
        let after = after.0.map(|Text(tag)| tag);
        let tags = app.tags(&name, after.as_ref(), limit.to_read()).await?;
        let tags = tags.ok_or_else(|| Fault::unknown_watch(&watch))?;
        let (tags, next) = limit.page(tags, |view| view.tag.to_string());
        let items = tags.into_iter().map(Tag::from).collect();
        Ok(Answer::Listed(Json(TagPage { items, next })))
    }
}
