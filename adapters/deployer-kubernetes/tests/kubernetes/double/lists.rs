//! Lists of what rolls out, in pages.

use serde_json::{Value, json};

use super::State;
use super::api::Answer;

const GROUPS: [(&str, &str, &str); 4] = [
    ("apps", "deployments", "DeploymentList"),
    ("apps", "statefulsets", "StatefulSetList"),
    ("apps", "daemonsets", "DaemonSetList"),
    ("batch", "cronjobs", "CronJobList"),
];

impl State {
    /// A page of a collection, in one namespace or in all; `None` for a path that is no collection of what rolls out. The
    /// items are without `kind` and `apiVersion`, which the list has for all of them.
    pub(super) fn workloads(&mut self, path: &str, query: &str) -> Option<Answer> {
        let (group, plural, kind) = GROUPS.into_iter().find(|(group, plural, _)| {
            path.starts_with(&format!("/apis/{group}/v1/")) && path.ends_with(&format!("/{plural}"))
        })?;
        let prefix = format!("/apis/{group}/v1/");
        let namespace = path
            .strip_prefix(&format!("{prefix}namespaces/"))
            .and_then(|rest| rest.split('/').next());
        if !self.may_list(plural, namespace) {
            return Some(forbidden(group, plural, namespace));
        }
        let parameter = |name: &str| {
            let mut pairs = url::form_urlencoded::parse(query.as_bytes());
            pairs.find_map(|(key, value)| (key == name).then(|| value.into_owned()))
        };
        let from = parameter("continue").filter(|_| !self.faults.drops_continue);
        if from.is_some() && self.faults.expired_pages > 0 {
            self.faults.expired_pages -= 1;
            let message = "The provided continue parameter is too old to display a consistent list result. You can start a \
                           new list without the continue parameter.";
            return Some(Answer::status(410, "Expired", message));
        }
        let limit = parameter("limit").and_then(|limit| limit.parse().ok());
        let most = limit.into_iter().chain(self.faults.most_listed).min();
        let mut found = self.objects.iter().filter(|(object, _)| {
            object.starts_with(&prefix)
                && object.contains(&format!("/{plural}/"))
                && namespace.is_none_or(|it| object.contains(&format!("/namespaces/{it}/")))
                && from.as_ref().is_none_or(|from| token(object) > *from)
        });
        let page: Vec<_> = found.by_ref().take(most.unwrap_or(usize::MAX)).collect();
        let mut metadata = json!({ "resourceVersion": self.version.to_string() });
        if let (Some((last, _)), left @ 1..) = (page.last(), found.count()) {
            metadata["continue"] = token(last).into();
            metadata["remainingItemCount"] = left.into();
        }
        let items: Vec<Value> = page.into_iter().map(|(_, object)| object.clone()).collect();
        Some(Answer::ok(json!({
            "kind": kind, "apiVersion": format!("{group}/v1"), "metadata": metadata, "items": items,
        })))
    }

    fn may_list(&self, plural: &str, namespace: Option<&str>) -> bool {
        let own = self.faults.confined_to;
        !self.faults.forbidden.contains(plural) && own.is_none_or(|own| Some(own) == namespace)
    }
}

fn forbidden(group: &str, plural: &str, namespace: Option<&str>) -> Answer {
    let place = match namespace {
        Some(namespace) => format!("in the namespace \"{namespace}\""),
        None => "at the cluster scope".to_owned(),
    };
    let message = format!(
        "{plural}.{group} is forbidden: User \"bot\" cannot list resource \"{plural}\" in API group \"{group}\" {place}"
    );
    Answer::status(403, "Forbidden", &message)
}

/// Where a list goes on: nothing that a client could read, and nothing that goes into a query as it is.
fn token(object: &str) -> String {
    format!("after={object}&")
}
