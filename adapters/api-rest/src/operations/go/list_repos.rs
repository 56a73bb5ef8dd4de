use std::collections::BTreeMap;

use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};
use registrywatcher::app::WatchView;

use crate::operations::{Group, Served};
use crate::permitted::{Across, Permitted, Viewing};

/// What the Go service called a repository: a watch.
#[derive(Debug, Object)]
struct Repo {
    /// Whether anything is deployed without being asked for.
    auto_deploy: bool,
    /// The pinned tag; empty while the watch tracks.
    pinned_tag: String,
    /// The wanted tag; empty if none is.
    pinned_tag_value: String,
    /// The tags that were last listed.
    tags: Vec<String>,
}

#[derive(ApiResponse)]
enum Answer {
    /// All watches, by name.
    #[oai(status = 200)]
    Listed(Json<BTreeMap<String, Repo>>),
}

pub(crate) struct ListRepos;

#[OpenApi(tag = "Group::Go")]
impl ListRepos {
    /// All watches with their tags
    ///
    /// By name. `/api/v1/watches` shows more of each, and why nothing is deployed.
    #[oai(path = "/repos", method = "get", operation_id = "listRepos")]
    async fn list_repos(&self, caller: Permitted<Across<Viewing>>, app: Served<'_>) -> Answer {
        let views = app.watches().into_iter();
        let views = views.filter(|view| caller.sees(&view.watch.name));
        let repos = views.map(|view| (view.watch.name.to_string(), Repo::from(&view)));
        Answer::Listed(Json(repos.collect()))
    }
}

impl From<&WatchView> for Repo {
    fn from(view: &WatchView) -> Self {
        let pinned = view.intent.target.pinned();
        let tags = view.tags.iter().flat_map(|tags| tags.iter());
        Self {
            auto_deploy: view.intent.auto_deploy,
            pinned_tag: pinned.map(ToString::to_string).unwrap_or_default(),
            pinned_tag_value: view
                .wanted
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            tags: tags.map(str::to_owned).collect(),
        }
    }
}
