use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};
use registrywatcher::decision::HoldReason;

use crate::operations::{self, Group, Served};
use crate::permitted::{Permitted, Viewing};
use crate::problem::{Failure, Fault, Kind, Problems};

/// The wanted tag of a watch.
#[derive(Debug, Object)]
struct RepoTag {
    /// The tag.
    repo_tag: String,
}

#[derive(ApiResponse)]
enum Answer {
    /// The wanted tag.
    #[oai(status = 200)]
    Found(Json<RepoTag>),
}

struct Refusals;

impl Problems for Refusals {
    const KINDS: &[Kind] = &[Kind::UnknownWatch, Kind::NothingWanted];
}

pub(crate) struct GetTag;

#[OpenApi(tag = "Group::Go")]
impl GetTag {
    /// The wanted tag of a watch
    ///
    /// The pinned tag, or else the one that the policy picks.
    #[oai(path = "/tags/:repo", method = "get", operation_id = "getTag")]
    async fn get_tag(
        &self,
        _caller: Permitted<Viewing>,
        app: Served<'_>,
        /// The name of the watch.
        repo: Path<String>,
    ) -> Result<Answer, Failure<Refusals>> {
        let view = operations::view(&app, &repo)?;
        let unwanted = |why| Fault::new(Kind::NothingWanted, HoldReason::from(why).to_string());
        let repo_tag = view.wanted.map_err(unwanted)?.to_string();
        Ok(Answer::Found(Json(RepoTag { repo_tag })))
    }
}
