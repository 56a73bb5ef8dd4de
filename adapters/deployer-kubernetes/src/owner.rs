//! Who else keeps an object in step with a source of its own, and would set it back.

use serde_json::Value;

use crate::object::{Object, list, text};

/// Who keeps an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Owner {
    /// Another object, whose controller sets this one back at once.
    Controller(String),
    /// A tool that sets it back at its next run, if it is set so.
    Tool(String),
}

/// Labels and annotations that tools leave, and the tools.
const TRACES: [(&str, &str); 6] = [
    ("argocd.argoproj.io/tracking-id", "Argo CD"),
    ("argocd.argoproj.io/instance", "Argo CD"),
    ("kustomize.toolkit.fluxcd.io/name", "Flux"),
    ("helm.toolkit.fluxcd.io/name", "Flux"),
    ("meta.helm.sh/release-name", "Helm"),
    ("rancher.io/fleet-bundle", "Fleet"),
];

/// Says that Flux leaves the object alone.
const FLUX_RECONCILE: &str = "kustomize.toolkit.fluxcd.io/reconcile";
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";

impl Owner {
    pub(crate) fn of(object: &Object) -> Option<Self> {
        let metadata = object.metadata();
        let controller = list(metadata, "ownerReferences")
            .find(|owner| owner["controller"] == Value::Bool(true));
        if let Some(owner) = controller {
            let (kind, name) = (text(&owner["kind"]), text(&owner["name"]));
            return Some(Self::Controller(format!("{kind} `{name}`")));
        }
        let says = |key: &str| {
            ["labels", "annotations"]
                .into_iter()
                .find_map(|place| metadata[place][key].as_str())
        };
        let left_alone = says(FLUX_RECONCILE) == Some("disabled");
        let (_, tool) = TRACES
            .into_iter()
            .filter(|(_, tool)| !(left_alone && *tool == "Flux"))
            .find(|(key, _)| says(key).is_some())
            .unzip();
        let tool = tool.or_else(|| (says(MANAGED_BY) == Some("Helm")).then_some("Helm"));
        tool.map(|tool| Self::Tool(tool.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Kind;
    use serde_json::json;

    fn owner(metadata: &Value) -> Option<Owner> {
        Owner::of(&Object::new(
            Kind::Deployment,
            json!({ "metadata": metadata }),
        ))
    }

    #[test]
    fn owners_are_known_by_what_they_leave() {
        let tool = |name: &str| Some(Owner::Tool(name.to_owned()));
        for (metadata, expected) in [
            (json!({}), None),
            (
                json!({ "labels": { "app.kubernetes.io/managed-by": "Helm" } }),
                tool("Helm"),
            ),
            (
                json!({ "labels": { "app.kubernetes.io/managed-by": "kustomize" } }),
                None,
            ),
            (
                json!({ "annotations": { "argocd.argoproj.io/tracking-id": "a:apps/Deployment:x/y" } }),
                tool("Argo CD"),
            ),
            (
                json!({ "labels": { "kustomize.toolkit.fluxcd.io/name": "apps" } }),
                tool("Flux"),
            ),
            (
                json!({
                    "labels": { "kustomize.toolkit.fluxcd.io/name": "apps" },
                    "annotations": { "kustomize.toolkit.fluxcd.io/reconcile": "disabled" },
                }),
                None,
            ),
            (
                json!({ "ownerReferences": [{ "kind": "Rollout", "name": "web", "controller": true }] }),
                Some(Owner::Controller("Rollout `web`".into())),
            ),
            (
                json!({ "ownerReferences": [{ "kind": "Project", "name": "web" }] }),
                None,
            ),
        ] {
            assert_eq!(owner(&metadata), expected, "{metadata}");
        }
    }
}
