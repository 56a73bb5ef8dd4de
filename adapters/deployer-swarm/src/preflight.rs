use registrywatcher::deployment::Failure;
use registrywatcher::ports::{Apply, Credential, Credentials};
use registrywatcher_docker_engine::registry_auth;
use serde_json::{Value, json};

use crate::engine::Engine;

/// What is known of an image before anything is changed.
#[derive(Debug, Default)]
pub(crate) struct Preflight {
    /// What the nodes present to the registry.
    pub(crate) auth: Option<String>,
    /// What the image runs on, as the registry tells; `None` where it could not be asked.
    pub(crate) platforms: Option<Value>,
    /// Why no node will have it.
    pub(crate) obstacle: Option<Failure>,
}

/// Asks the registry of an image, by way of the manager, as the nodes will when they pull it.
///
/// Only a clear no is an obstacle: a manager need not reach what the nodes reach.
pub(crate) async fn ask(
    engine: &Engine,
    credentials: &dyn Credentials,
    apply: &Apply,
) -> Preflight {
    let host = apply.source.repository().registry();
    let credential = match credentials.credential(host).await {
        Ok(credential) => credential,
        Err(error) => {
            let message = error.to_string();
            return Preflight {
                obstacle: Some(Failure::Workload { message }),
                ..Preflight::default()
            };
        }
    };
    let auth = registry_auth(&credential, host);
    let reference = apply.pinned().to_string();
    match engine.distribution(&reference, auth.as_deref()).await {
        Ok(told) => Preflight {
            auth,
            platforms: platforms(&told),
            obstacle: None,
        },
        Err(error) => {
            let words = error.to_string();
            // What the service was given before may open what we cannot.
            let is_decisive = !matches!(credential, Credential::Anonymous);
            let obstacle = judge(&reference, &words, is_decisive);
            if obstacle.is_none() {
                tracing::warn!(
                    image = reference,
                    "the registry does not tell of the image: {words}"
                );
            }
            Preflight {
                auth,
                platforms: None,
                obstacle,
            }
        }
    }
}

/// The platforms in the shape in which a service has them.
fn platforms(told: &Value) -> Option<Value> {
    let told = told["Platforms"].as_array().filter(|it| !it.is_empty())?;
    let platform = |platform: &Value| {
        let architecture = platform["architecture"].as_str().unwrap_or_default();
        // A node calls itself `armv7l` and the like, which Swarm takes for another (moby/swarmkit#2294).
        let architecture = if architecture == "arm" {
            ""
        } else {
            architecture
        };
        json!({ "Architecture": architecture, "OS": platform["os"] })
    };
    Some(told.iter().map(platform).collect())
}

/// Whether the nodes will not have an image, by Docker's words: it has no codes for it.
fn judge(reference: &str, words: &str, is_denial_decisive: bool) -> Option<Failure> {
    let message = format!("{reference} cannot be pulled: {words}");
    let words = words.to_ascii_lowercase();
    let has = |any: &[&str]| any.iter().any(|text| words.contains(text));
    if has(&["toomanyrequests", "rate limit"]) {
        None
    } else if has(&[
        "denied",
        "unauthorized",
        "authentication required",
        "no basic auth",
    ]) {
        is_denial_decisive.then_some(Failure::Workload { message })
    } else if has(&["manifest unknown"]) {
        Some(Failure::Image { message })
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn judged(words: &str, is_denial_decisive: bool, expected: &str) {
        let found = match judge("acme/web@sha256:1", words, is_denial_decisive) {
            Some(Failure::Image { .. }) => "image",
            Some(Failure::Orchestrator { .. }) => "orchestrator",
            Some(Failure::Workload { .. }) => "workload",
            None => "go on",
        };
        assert_eq!(found, expected, "{words}");
    }

    #[test]
    fn only_a_clear_no_keeps_a_service_from_its_update() {
        judged("404: manifest unknown: manifest unknown", false, "image");
        judged(
            "500: Get \"…\": no basic auth credentials",
            true,
            "workload",
        );
        judged(
            "401: unauthorized: authentication required",
            true,
            "workload",
        );
        // The nodes present what the service was given before.
        judged("500: pull access denied for acme/web", false, "go on");
        judged("429: toomanyrequests: unauthorized pulls", true, "go on");
        judged("500: dial tcp: lookup ghcr.io: no such host", true, "go on");
    }

    #[test]
    fn platforms_are_written_as_a_service_has_them() {
        let told = json!({ "Platforms": [
            { "architecture": "arm64", "os": "linux", "variant": "v8" },
            { "architecture": "arm", "os": "linux", "variant": "v7" },
        ] });
        let expected = json!([
            { "Architecture": "arm64", "OS": "linux" }, { "Architecture": "", "OS": "linux" },
        ]);
        assert_eq!(platforms(&told), Some(expected));
        assert_eq!(platforms(&json!({ "Platforms": null })), None);
    }
}
