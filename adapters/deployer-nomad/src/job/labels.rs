use std::collections::BTreeMap;

use registrywatcher::ports::{LABEL_PREFIX, POLICY_LABEL};
use serde_json::Value;

use super::{Job, Task, array};

/// A task that asks to be watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Labelled {
    pub(crate) group: String,
    pub(crate) task: String,
    /// As it is written; empty where the task runs none.
    pub(crate) image: String,
    pub(crate) labels: BTreeMap<String, String>,
}

impl Job {
    /// The tasks that have a policy in their own meta.
    pub(crate) fn labelled(&self) -> Vec<Labelled> {
        let mut found = Vec::new();
        for group in array(&self.0, "TaskGroups") {
            for raw in array(group, "Tasks") {
                if raw["Meta"][POLICY_LABEL].is_null() {
                    continue;
                }
                let task = Task::new(group, raw);
                // The innermost is the last, and holds.
                let metas = [&self.0["Meta"], &group["Meta"], &raw["Meta"]];
                found.push(Labelled {
                    group: task.group().to_owned(),
                    task: task.name().to_owned(),
                    image: task.spelled().to_owned(),
                    labels: metas.into_iter().flat_map(labels).collect(),
                });
            }
        }
        found
    }

    /// Whether it, or a group of it, has a policy that counts for nothing there.
    pub(crate) fn has_stray_policy(&self) -> bool {
        let has_one = |raw: &Value| !raw["Meta"][POLICY_LABEL].is_null();
        has_one(&self.0) || array(&self.0, "TaskGroups").iter().any(has_one)
    }
}

fn labels(meta: &Value) -> impl Iterator<Item = (String, String)> {
    let meta = meta.as_object().into_iter().flatten();
    meta.filter(|(name, _)| name.starts_with(LABEL_PREFIX))
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_innermost_meta_holds_and_the_policy_is_the_task_s_own() {
        let job = Job::new(json!({
            "Meta": { "registrywatcher.interval": "1h", "registrywatcher.mode": "observe", "team": "shop" },
            "TaskGroups": [{
                "Name": "app",
                "Meta": { "registrywatcher.interval": "5m" },
                "Tasks": [
                    {
                        "Name": "server",
                        "Config": { "image": "docker://team/web:v1" },
                        "Meta": {
                            "registrywatcher.policy": "semver:^1",
                            "registrywatcher.mode": "deploy",
                            "registrywatcher_tag": "v1",
                        },
                    },
                    { "Name": "sidecar", "Config": { "image": "envoy:1" }, "Meta": null },
                ],
            }],
        }));
        let expected = [
            ("registrywatcher.interval", "5m"),
            ("registrywatcher.mode", "deploy"),
            ("registrywatcher.policy", "semver:^1"),
        ];
        let expected = Labelled {
            group: "app".to_owned(),
            task: "server".to_owned(),
            image: "team/web:v1".to_owned(),
            labels: expected
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
        };
        assert_eq!(job.labelled(), [expected]);
        assert!(!job.has_stray_policy());
    }

    #[test]
    fn the_policy_of_a_job_or_group_is_nobody_s() {
        let meta = json!({ "registrywatcher.policy": "semver:^1" });
        let tasks = json!([{ "Name": "server", "Config": { "image": "team/web:v1" } }]);
        for job in [
            json!({ "Meta": meta, "TaskGroups": [{ "Name": "app", "Tasks": tasks }] }),
            json!({ "TaskGroups": [{ "Name": "app", "Meta": meta, "Tasks": tasks }] }),
        ] {
            let job = Job::new(job);
            assert_eq!(job.labelled(), []);
            assert!(job.has_stray_policy());
        }
    }
}
