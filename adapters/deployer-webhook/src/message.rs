use registrywatcher::image::{Digest, Tag};
use registrywatcher::ports::Apply;
use registrywatcher::watch::Address;
use serde::Serialize;

/// The body of the request for a deployment: the same at each attempt, so that it holds no time.
#[derive(Serialize)]
struct Message<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    id: String,
    workload: &'a Address,
    image: String,
    repository: &'a str,
    tag: &'a str,
    digest: &'a str,
    previous: Option<Previous<'a>>,
    forced: bool,
}

#[derive(Serialize)]
struct Previous<'a> {
    tag: Option<&'a str>,
    digest: Option<&'a str>,
}

/// Writes what the receiver is asked for.
pub(crate) fn write(apply: &Apply) -> Result<String, serde_json::Error> {
    let previous = apply.previous.as_ref().map(|previous| Previous {
        tag: previous.tag.as_ref().map(Tag::as_str),
        digest: previous.digest.as_ref().map(Digest::as_str),
    });
    serde_json::to_string(&Message {
        kind: "deployment.requested",
        id: apply.id.to_string(),
        workload: &apply.workload.address,
        image: apply.pinned().to_string(),
        repository: apply.source.spelling(),
        tag: apply.candidate.tag.as_str(),
        digest: apply.candidate.image.digest.as_str(),
        previous,
        forced: apply.forced,
    })
}
