use registrywatcher::deployment::{Failure, RolloutHandle};
use serde::{Deserialize, Serialize};

use crate::service::Service;
use crate::spec::Spec;

/// How a rollout is found again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Handle {
    /// The id of the service; another one may get its name.
    pub(crate) service: String,
    /// What the service was before it.
    pub(crate) before: Before,
    /// When the update began that the service told of before it: not ours, should it still be told.
    pub(crate) earlier_update: Option<String>,
    /// Whether nothing was written, because the service had the image already.
    #[serde(default)]
    pub(crate) unchanged: bool,
    /// Why nothing was written, where the image cannot be had.
    #[serde(default)]
    pub(crate) obstacle: Option<Failure>,
}

/// As much of a specification as tells whether Swarm went back to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Before {
    image: String,
    deployment: Option<String>,
}

impl Before {
    pub(crate) fn of(spec: Spec<'_>) -> Self {
        let template = spec.template();
        Self {
            image: template.image().to_owned(),
            deployment: template.mark().map(|mark| mark.deployment.to_string()),
        }
    }
}

impl Handle {
    /// Of a deployment that is about to be written over `service`.
    pub(crate) fn over(service: &Service) -> Self {
        Self {
            service: service.id().to_owned(),
            before: Before::of(service.spec()),
            earlier_update: service.update().and_then(|update| update.started_at),
            unchanged: false,
            obstacle: None,
        }
    }

    /// Of a deployment that the service carries, or has carried over `before`.
    pub(crate) fn found(service: &Service, before: Spec<'_>) -> Self {
        Self {
            before: Before::of(before),
            earlier_update: None,
            ..Self::over(service)
        }
    }

    pub(crate) fn read(handle: &RolloutHandle) -> Result<Self, String> {
        serde_json::from_str(&handle.0)
            .map_err(|error| format!("its handle cannot be read: {error}"))
    }

    pub(crate) fn write(&self) -> RolloutHandle {
        RolloutHandle(serde_json::json!(self).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_reads_back_as_it_was_written() {
        let message = "there is no such image".to_owned();
        let handle = Handle {
            service: "1t4cwsdtxuj0bf5u2t957z1h2".into(),
            before: Before {
                image: "acme/web:v1".into(),
                deployment: None,
            },
            earlier_update: Some("2026-11-24T14:47:11.718136657Z".into()),
            unchanged: true,
            obstacle: Some(Failure::Image { message }),
        };
        assert_eq!(Handle::read(&handle.write()), Ok(handle));
        let error = Handle::read(&RolloutHandle("7".into())).unwrap_err();
        assert!(error.contains("cannot be read"), "{error}");
    }
}
