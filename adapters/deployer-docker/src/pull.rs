use registrywatcher::deployment::Failure;
use registrywatcher::ports::{Apply, Credentials};
use registrywatcher_docker_engine::{ApiError, registry_auth};

use crate::engine::Engine;
use crate::image::Image;

/// Why an image cannot be had.
#[derive(Debug)]
pub(crate) enum PullError {
    /// The deployment fails by it.
    Failed(Failure),
    /// Docker does not answer.
    Engine(ApiError),
}

impl From<ApiError> for PullError {
    fn from(error: ApiError) -> Self {
        Self::Engine(error)
    }
}

/// The image of a deployment: as it is there, or else pulled by its digest.
pub(crate) async fn image(
    engine: &Engine,
    credentials: &dyn Credentials,
    apply: &Apply,
) -> Result<Image, PullError> {
    let reference = apply.pinned().to_string();
    // A pull counts against a registry's limits even where there is nothing to pull.
    if let Some(image) = engine.image(&reference).await? {
        return Ok(image);
    }
    let host = apply.source.repository().registry();
    let credential = credentials
        .credential(host)
        .await
        .map_err(|error| workload(error.to_string()))?;
    let auth = registry_auth(&credential, host);
    let digest = apply.candidate.image.digest.to_string();
    let pulled = engine.pull(apply.source.spelling(), &digest, auth.as_deref());
    match pulled.await {
        Ok(()) => {}
        Err(ApiError::Unavailable { problem, source }) => {
            return Err(ApiError::Unavailable { problem, source }.into());
        }
        Err(error) => return Err(PullError::Failed(judge(&reference, &error.to_string()))),
    }
    let image = engine.image(&reference).await?;
    image.ok_or_else(|| {
        let message = format!("{reference} was pulled, and is not there");
        PullError::Failed(Failure::Orchestrator { message })
    })
}

fn workload(message: String) -> PullError {
    PullError::Failed(Failure::Workload { message })
}

/// Whose fault a failed pull is, by Docker's words: it has no codes for it.
fn judge(reference: &str, words: &str) -> Failure {
    let message = format!("{reference} cannot be pulled: {words}");
    let words = words.to_ascii_lowercase();
    let has = |any: &[&str]| any.iter().any(|text| words.contains(text));
    if has(&["toomanyrequests", "rate limit", "no such host", "timeout"]) {
        Failure::Orchestrator { message }
    } else if has(&[
        "denied",
        "unauthorized",
        "authentication required",
        "no basic auth",
    ]) {
        Failure::Workload { message }
    } else if has(&[
        "manifest unknown",
        "not found",
        "no matching manifest",
        "does not match",
    ]) {
        Failure::Image { message }
    } else {
        Failure::Orchestrator { message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn blames(words: &str, expected: &str) {
        let found = match judge("acme/web@sha256:1", words) {
            Failure::Image { .. } => "image",
            Failure::Orchestrator { .. } => "orchestrator",
            Failure::Workload { .. } => "workload",
        };
        assert_eq!(found, expected, "{words}");
    }

    #[test]
    fn whose_fault_a_failed_pull_is_stands_in_its_words() {
        blames("manifest unknown: manifest unknown", "image");
        blames(
            "no matching manifest for linux/arm64/v8 in the manifest list entries",
            "image",
        );
        blames(
            "toomanyrequests: You have reached your pull rate limit",
            "orchestrator",
        );
        blames(
            "pull access denied for acme/web, repository does not exist or may require 'docker login'",
            "workload",
        );
        blames("unauthorized: authentication required", "workload");
        blames("dial tcp: lookup ghcr.io: no such host", "orchestrator");
        blames("no space left on device", "orchestrator");
    }
}
