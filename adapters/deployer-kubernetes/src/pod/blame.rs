//! Whose fault it is that a container waits.

/// Who must change something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The image started and failed, or does not exist.
    Image,
    /// It may pass: a registry that cannot be reached or limits pulls, a node that lacks something.
    Orchestrator,
    /// Something else in the pod is wrong.
    Workload,
}

/// Words of a container runtime that mean: the registry has no such image (for this platform).
const NO_MANIFEST: [&str; 7] = [
    "manifest unknown",
    "manifest_unknown",
    "no matching manifest",
    "no match for platform in manifest",
    "no image found in manifest list",
    "no image found in image index",
    "code = notfound",
];

/// Words that mean: what is in the image cannot be run.
const NOT_RUNNABLE: [&str; 3] = [
    "exec format error",
    "executable file not found",
    "no such file or directory",
];

/// Whose fault it is that a container waits for this reason; `None` if it is on its way.
pub(super) fn of_waiting(reason: &str, message: &str) -> Option<Fault> {
    match reason {
        "CrashLoopBackOff" => Some(Fault::Image),
        "ErrImagePull" | "ImagePullBackOff" | "RegistryUnavailable" | "ImageInspectError" => {
            Some(of_pull(message))
        }
        "RunContainerError" | "CreateContainerError" | "StartError" => {
            let message = message.to_lowercase();
            let cannot_run = NOT_RUNNABLE.iter().any(|words| message.contains(words));
            Some(if cannot_run {
                Fault::Image
            } else {
                Fault::Orchestrator
            })
        }
        "InvalidImageName"
        | "CreateContainerConfigError"
        | "ErrImageNeverPull"
        | "SignatureValidationFailed" => Some(Fault::Workload),
        _ => None,
    }
}

/// A limit on pulls, a registry that cannot be reached or that refuses, are no fault of the image.
fn of_pull(message: &str) -> Fault {
    let message = message.to_lowercase();
    let is_refused = [
        "toomanyrequests",
        "too many requests",
        "rate limit",
        "unauthorized",
        "denied",
    ]
    .iter()
    .any(|words| message.contains(words));
    let is_missing = NO_MANIFEST.iter().any(|words| message.contains(words))
        || (message.contains("manifest for") && message.contains("not found"));
    if is_missing && !is_refused {
        Fault::Image
    } else {
        Fault::Orchestrator
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_image_that_is_missing_or_fails_where_it_starts_is_blamed() {
        for (reason, message, expected) in [
            ("ContainerCreating", "", None),
            ("PodInitializing", "", None),
            ("CrashLoopBackOff", "back-off 10s", Some(Fault::Image)),
            (
                "ErrImagePull",
                "rpc error: code = NotFound desc = failed to pull and unpack image: not found",
                Some(Fault::Image),
            ),
            (
                "ImagePullBackOff",
                "Back-off pulling image: ErrImagePull: manifest unknown",
                Some(Fault::Image),
            ),
            (
                "ImagePullBackOff",
                "Back-off pulling image \"x\"",
                Some(Fault::Orchestrator),
            ),
            (
                "ErrImagePull",
                "429 Too Many Requests - toomanyrequests: manifest unknown",
                Some(Fault::Orchestrator),
            ),
            (
                "ErrImagePull",
                "pull access denied, repository does not exist",
                Some(Fault::Orchestrator),
            ),
            (
                "RunContainerError",
                "exec: \"/app\": exec format error",
                Some(Fault::Image),
            ),
            (
                "CreateContainerError",
                "context deadline exceeded",
                Some(Fault::Orchestrator),
            ),
            ("InvalidImageName", "", Some(Fault::Workload)),
            (
                "CreateContainerConfigError",
                "secret \"db\" not found",
                Some(Fault::Workload),
            ),
        ] {
            assert_eq!(of_waiting(reason, message), expected, "{reason} {message}");
        }
    }
}
