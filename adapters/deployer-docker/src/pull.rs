use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use registrywatcher::deployment::Failure;
use registrywatcher::image::RegistryHost;
use registrywatcher::ports::{Apply, Credential, Credentials};
use secrecy::ExposeSecret;
use serde_json::json;

use crate::engine::Engine;
use crate::error::ApiError;
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
    let auth = header(&credential, host);
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

/// What Docker presents to the registry for us; it decodes the URL-safe alphabet, with padding, and takes anything else for
/// nothing.
fn header(credential: &Credential, host: &RegistryHost) -> Option<String> {
    let address = if host.is_docker_hub() {
        "https://index.docker.io/v1/"
    } else {
        host.as_str()
    };
    let auth = match credential {
        Credential::Anonymous => return None,
        Credential::Basic { username, password } => {
            json!({ "username": username, "password": password.expose_secret(), "serveraddress": address })
        }
        Credential::IdentityToken(token) => {
            json!({ "identitytoken": token.expose_secret(), "serveraddress": address })
        }
        Credential::RegistryToken(token) => {
            json!({ "registrytoken": token.expose_secret(), "serveraddress": address })
        }
    };
    Some(URL_SAFE.encode(auth.to_string()))
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

    #[test]
    fn credentials_are_presented_as_docker_reads_them() {
        let hub: RegistryHost = "docker.io".parse().unwrap();
        let basic = Credential::Basic {
            username: "bot".into(),
            password: "??>>:~~".to_owned().into(),
        };
        let text = header(&basic, &hub).unwrap();
        assert!(!text.contains(['+', '/']), "{text}");
        let read: serde_json::Value =
            serde_json::from_slice(&URL_SAFE.decode(text).unwrap()).unwrap();
        assert_eq!(
            read,
            json!({ "username": "bot", "password": "??>>:~~", "serveraddress": "https://index.docker.io/v1/" })
        );
        assert_eq!(header(&Credential::Anonymous, &hub), None);
    }

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
