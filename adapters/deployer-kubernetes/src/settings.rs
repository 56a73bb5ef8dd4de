use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

/// How a cluster is reached, and how its rollouts are judged.
///
/// If neither `kubeconfig` nor `in_cluster` is set, the files of `KUBECONFIG` are read, then `~/.kube/config`, then the
/// service account of the pod that this program runs in. A proxy is used only where a kubeconfig names one (`proxy-url`).
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// A kubeconfig.
    pub kubeconfig: Option<PathBuf>,
    /// The context of the kubeconfig, if not its current one.
    pub context: Option<String>,
    /// Whether the pod's service account is used, whatever kubeconfig there may be.
    pub in_cluster: bool,
    /// The namespace of workloads whose address names none; that of the context or of the pod if nothing is said.
    pub namespace: Option<String>,
    /// What is done with objects that Argo CD, Flux or Helm keep, and may set back.
    pub managed: Managed,
    /// How old a new pod must be until it fails its rollout, because its image cannot be pulled or its container crashes.
    #[serde(deserialize_with = "duration")]
    pub grace: Duration,
    /// Whether a broken pod of an older revision is deleted when a stateful set waits for it and would wait for ever
    /// (kubernetes/kubernetes#67250).
    pub delete_stuck_pods: bool,
    /// How long an answer may take.
    #[serde(deserialize_with = "duration")]
    pub timeout: Duration,
    /// How long one look at a rollout waits for news, at most 45 s.
    #[serde(deserialize_with = "duration")]
    pub wait: Duration,
}

/// What is done with objects that another tool keeps in step with its own source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Managed {
    /// They are deployed to, with a warning in the log.
    Warn,
    /// They are not deployed to.
    Refuse,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            kubeconfig: None,
            context: None,
            in_cluster: false,
            namespace: None,
            managed: Managed::Warn,
            grace: Duration::from_mins(1),
            delete_stuck_pods: true,
            timeout: Duration::from_secs(10),
            wait: Duration::from_secs(30),
        }
    }
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    humantime::parse_duration(&text).map_err(|_| {
        serde::de::Error::custom(format!(
            "a duration reads `10s` or `1m 30s`, found `{text}`"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_setting_may_be_left_out() {
        let settings: Settings = serde_json::from_value(json!({})).unwrap();
        assert_eq!(settings.managed, Managed::Warn);
        let settings: Settings =
            serde_json::from_value(json!({ "managed": "refuse", "grace": "2m" })).unwrap();
        assert_eq!(settings.managed, Managed::Refuse);
        assert_eq!(settings.grace, Duration::from_mins(2));
    }

    #[test]
    fn the_example_of_the_repository_sets_what_it_says() {
        let example = include_str!("../../../config/examples/kubernetes.toml");
        let mut example: toml::Table = toml::from_str(example).unwrap();
        let deployer = example["deployers"]["cluster"].as_table_mut().unwrap();
        assert_eq!(deployer.remove("kind"), Some("kubernetes".into()));
        let settings: Settings = deployer.clone().try_into().unwrap();
        assert_eq!(settings.context.as_deref(), Some("production"));
        assert_eq!(settings.managed, Managed::Refuse);
    }

    #[test]
    fn what_is_unknown_is_an_error() {
        for (settings, found) in [
            (json!({ "kube_config": "x" }), "`kube_config`"),
            (json!({ "managed": "ignore" }), "`ignore`"),
            (json!({ "wait": "soon" }), "found `soon`"),
        ] {
            let error = serde_json::from_value::<Settings>(settings).unwrap_err();
            assert!(error.to_string().contains(found), "{error}");
        }
    }
}
