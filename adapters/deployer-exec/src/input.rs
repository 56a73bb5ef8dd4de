use registrywatcher::ports::{Apply, DeployError};
use serde_json::json;

use crate::address;

/// How the names of our variables begin.
pub(crate) const RESERVED: &str = "RW_";

/// What a command is told of a deployment.
#[derive(Debug)]
pub(crate) struct Input {
    /// For its environment.
    pub(crate) variables: Vec<(String, String)>,
    /// For its standard input: one JSON object.
    pub(crate) json: String,
}

impl Input {
    /// Tells of `apply`.
    pub(crate) fn of(apply: &Apply) -> Result<Self, DeployError> {
        let address = address::variables(&apply.workload)?;
        let previous = apply.previous.as_ref();
        let id = apply.id.to_string();
        let image = apply.pinned().to_string();
        let repository = apply.source.spelling();
        let tag = apply.candidate.tag.as_str();
        let digest = apply.candidate.image.digest.as_str();
        let previous_tag = previous.and_then(|previous| Some(previous.tag.as_ref()?.as_str()));
        let previous_digest =
            previous.and_then(|previous| Some(previous.digest.as_ref()?.as_str()));
        let json = json!({
            "deployment_id": id,
            "image": image,
            "repository": repository,
            "tag": tag,
            "digest": digest,
            "previous_tag": previous_tag,
            "previous_digest": previous_digest,
            "forced": apply.forced,
            "workload": apply.workload.address,
        });
        let facts = [
            ("RW_DEPLOYMENT_ID", id.as_str()),
            ("RW_IMAGE", image.as_str()),
            ("RW_REPOSITORY", repository),
            ("RW_TAG", tag),
            ("RW_DIGEST", digest),
            ("RW_PREVIOUS_TAG", previous_tag.unwrap_or_default()),
            ("RW_PREVIOUS_DIGEST", previous_digest.unwrap_or_default()),
            ("RW_FORCED", if apply.forced { "true" } else { "false" }),
        ];
        let facts = facts.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let address = address
            .into_iter()
            .map(|(name, value)| (name, value.to_owned()));
        Ok(Self {
            variables: facts.into_iter().chain(address).collect(),
            json: json.to_string(),
        })
    }
}
