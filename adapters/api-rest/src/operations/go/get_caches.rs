use std::collections::BTreeMap;

use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};
use registrywatcher::app::WatchView;

use crate::operations::{Group, Served};
use crate::permitted::{Across, Permitted, Viewing};

/// What was last seen of a repository.
#[derive(Debug, Object)]
struct Cache {
    /// The tags that were last listed.
    cached_tags: Vec<String>,
    /// What the wanted tag was last seen to point to; empty if that is not known.
    cached_digest: String,
}

#[derive(ApiResponse)]
enum Answer {
    /// What was last seen, by watch.
    #[oai(status = 200)]
    Listed(Json<BTreeMap<String, Cache>>),
}

pub(crate) struct GetCaches;

#[OpenApi(tag = "Group::Go")]
impl GetCaches {
    /// What was last seen at the registries
    ///
    /// Of each watch the tags that were last listed, and what the wanted one points to.
    #[oai(path = "/debug/caches", method = "get", operation_id = "getCaches")]
    async fn get_caches(&self, caller: Permitted<Across<Viewing>>, app: Served<'_>) -> Answer {
        let views = app.watches().into_iter();
        let views = views.filter(|view| caller.sees(&view.watch.name));
        let caches = views.map(|view| (view.watch.name.to_string(), Cache::from(&view)));
        Answer::Listed(Json(caches.collect()))
    }
}

impl From<&WatchView> for Cache {
    fn from(view: &WatchView) -> Self {
        let tags = view.tags.iter().flat_map(|tags| tags.iter());
        let digest = view
            .wanted_image
            .as_ref()
            .map(|image| image.digest.to_string());
        Self {
            cached_tags: tags.map(str::to_owned).collect(),
            cached_digest: digest.unwrap_or_default(),
        }
    }
}
