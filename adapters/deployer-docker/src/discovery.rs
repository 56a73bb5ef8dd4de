use std::collections::BTreeMap;

use registrywatcher::ports::{Discovered, LABEL_PREFIX, POLICY_LABEL};
use registrywatcher::watch::{Address, DeployerName, Workload};
use registrywatcher_docker_engine::ApiError;

use crate::container::{Container, Summary};
use crate::engine::Engine;
use crate::mark::{self, Role};
use crate::obstacle;

/// The containers that ask to be watched, in the order of their names.
pub(crate) async fn containers(
    engine: &Engine,
    deployer: &DeployerName,
) -> Result<Vec<Discovered>, ApiError> {
    let mut found = Vec::new();
    for (name, id) in candidates(&engine.containers(&[]).await?) {
        // It may be gone since.
        if let Some(container) = engine.container(id).await?
            && !obstacle::belongs_to_others(&container)
        {
            let image = image(engine, &container).await?;
            found.push(Discovered {
                workload: workload(deployer, name),
                image,
                labels: settings(&container),
            });
        }
    }
    Ok(found)
}

/// The ids of the containers with the label, by the names under which they are deployed to.
///
/// All are read from one list: between two questions a deployment may give a name from one container to another.
fn candidates(all: &[Summary]) -> BTreeMap<&str, &str> {
    let (mut found, mut waiting) = (BTreeMap::new(), BTreeMap::new());
    for container in all {
        let id = container.label(POLICY_LABEL).map(|_| container.id.as_str());
        let mut names = container.own_names();
        if let Some(name) = names.find(|name| Role::beside(name).is_none()) {
            found.insert(name, id);
        } else if let Some((name, Role::Old)) = Role::beside(container.name()) {
            waiting.insert(name, id);
        }
    }
    // While a name goes from the old container to the new one, or back, the old one stands for both.
    for (name, id) in waiting {
        found.entry(name).or_insert(id);
    }
    let asks = |(name, id): (_, Option<_>)| Some((name, id?));
    found.into_iter().filter_map(asks).collect()
}

fn workload(deployer: &DeployerName, name: &str) -> Workload {
    Workload {
        deployer: deployer.clone(),
        address: Address::from([("container", name)]),
    }
}

/// The image as it was written, or some name of it where it was written as an id.
async fn image(engine: &Engine, container: &Container) -> Result<String, ApiError> {
    let written = container.config()["Image"].as_str().unwrap_or_default();
    if container.image_as_written().is_some() {
        return Ok(written.to_owned());
    }
    let image = engine.image(container.image_id()).await?;
    let named = image.and_then(|image| image.any_reference());
    Ok(named.map_or_else(|| written.to_owned(), |named| named.to_string()))
}

/// The labels that say how it is to be watched; our marks are none.
fn settings(container: &Container) -> BTreeMap<String, String> {
    container
        .labels()
        .filter(|(key, _)| key.starts_with(LABEL_PREFIX) && !mark::ALL.contains(key))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// A container with the label.
    fn asks(id: &str, names: &[&str]) -> Value {
        json!({ "Id": id, "Names": names, "Labels": { "registrywatcher.policy": "semver" } })
    }

    #[track_caller]
    fn finds(all: &Value, expected: &[(&str, &str)]) {
        let summaries: Vec<Summary> = serde_json::from_value(all.clone()).unwrap();
        let found: Vec<_> = candidates(&summaries).into_iter().collect();
        assert_eq!(found, expected, "{all}");
    }

    #[test]
    fn a_container_is_found_by_its_own_name() {
        let silent = json!({ "Id": "b", "Names": ["/db"], "Labels": null });
        let linked = asks("c", &["/web/queue", "/queue"]);
        finds(
            &json!([asks("a", &["/web"]), silent, linked]),
            &[("queue", "c"), ("web", "a")],
        );
    }

    #[test]
    fn at_any_step_of_a_deployment_the_workload_is_found_once() {
        let (new, old) = ("/web-rw-new-00c0ffee0001", "/web-rw-old-00c0ffee0001");
        let (failed, undone) = ("/web-rw-failed-00c0ffee0001", "/web-rw-undone-00c0ffee0001");
        for (names, expected) in [
            ([&["/web"][..], &[new]], "old"),
            ([&["/web", old], &[new]], "old"),
            ([&[old], &[new]], "old"),
            ([&[old], &["/web", new]], "new"),
            ([&[old], &["/web"]], "new"),
            ([&[old], &[failed]], "old"),
            ([&["/web"], &[failed]], "old"),
            ([&["/web"], &[undone]], "old"),
        ] {
            let [of_old, of_new] = names;
            finds(
                &json!([asks("old", of_old), asks("new", of_new)]),
                &[("web", expected)],
            );
        }
    }

    #[test]
    fn what_a_deployment_left_is_not_found() {
        finds(&json!([asks("a", &["/web-rw-failed-00c0ffee0001"])]), &[]);
        let lost_its_label = json!({ "Id": "b", "Names": ["/web"], "Labels": {} });
        finds(
            &json!([asks("a", &["/web-rw-old-00c0ffee0001"]), lost_its_label]),
            &[],
        );
    }
}
