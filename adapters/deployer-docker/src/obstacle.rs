use registrywatcher::image::Repository;

use crate::container::{Container, Summary};
use crate::ourselves::Ourselves;

/// What other programs write on the containers that they manage, and who they are.
const MANAGERS: [(&str, &str); 3] = [
    (
        "com.docker.swarm.service.id",
        "a service of Docker Swarm; deploy the service instead",
    ),
    ("io.kubernetes.", "Kubernetes; deploy through it instead"),
    ("com.hashicorp.nomad.", "Nomad; deploy the job instead"),
];

/// Why a container must not be recreated, and what to do; `None` where nothing stands in the way.
pub(crate) fn of(
    container: &Container,
    repository: &Repository,
    ourselves: &Ourselves,
) -> Option<String> {
    if let Some(manager) = manager(container) {
        return Some(format!("it belongs to {manager}"));
    }
    if is_one_off(container) {
        return Some("it is a one-off container of `docker compose run`".to_owned());
    }
    if container.removes_itself() {
        return Some(
            "it is removed when it stops, so that nothing could be brought back; run it without `--rm`"
                .to_owned(),
        );
    }
    if ourselves.run_in(container.id()) {
        return Some(
            "this program runs in it and would stop itself; update it from outside".to_owned(),
        );
    }
    other_repository(container, repository).or_else(|| at_rest(container))
}

/// Whether it is another program's, which alone replaces it.
pub(crate) fn belongs_to_others(container: &Container) -> bool {
    manager(container).is_some() || is_one_off(container)
}

fn is_one_off(container: &Container) -> bool {
    container.label("com.docker.compose.oneoff") == Some("True")
}

fn manager(container: &Container) -> Option<&'static str> {
    let labels = container.config()["Labels"].as_object()?;
    let of = |prefix: &str| labels.keys().any(|label| label.starts_with(prefix));
    MANAGERS
        .into_iter()
        .find(|(prefix, _)| of(prefix))
        .map(|(_, manager)| manager)
}

fn other_repository(container: &Container, repository: &Repository) -> Option<String> {
    let runs = container.image_as_written()?;
    (runs.repository() != repository)
        .then(|| format!("it runs `{runs}`, which is not of {repository}; check the names of both"))
}

/// A container that somebody has stopped is not started by a deployment; one that crashed may be mended by it.
fn at_rest(container: &Container) -> Option<String> {
    /// What a program exits with that was told to stop: by itself, or by SIGINT, SIGKILL or SIGTERM.
    const TOLD_TO_STOP: [i64; 4] = [0, 130, 137, 143];

    let state = container.state();
    if state.paused {
        return Some("it is paused; unpause it".to_owned());
    }
    let would_be_restarted = matches!(
        container.restart_policy()["Name"].as_str(),
        Some("always" | "unless-stopped")
    );
    let crashed = !would_be_restarted && !TOLD_TO_STOP.contains(&state.exit_code);
    (!container.is_up() && !crashed).then(|| "it was stopped by somebody; start it".to_owned())
}

/// Which other running container has the network of this one, and would lose it.
pub(crate) fn dependent(container: &Container, others: &[Summary]) -> Option<String> {
    let shares = |other: &&Summary| {
        let mode = other.host_config["NetworkMode"].as_str();
        let of = mode.and_then(|mode| mode.strip_prefix("container:"));
        other.state == "running"
            && of.is_some_and(|of| of == container.id() || of == container.name())
    };
    others.iter().find(shares).map(|other| {
        format!(
            "`{}` shares its network and would lose it; deploy both with a command, or give it a network of its own",
            other.name()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use registrywatcher::image::ImageReference;
    use serde_json::{Value, json};

    fn container(change: impl FnOnce(&mut Value)) -> Container {
        let mut raw = json!({
            "Id": "5933a7d8006c0000", "Name": "/web", "Image": "sha256:i",
            "State": { "Status": "running", "Running": true },
            "Config": { "Image": "acme/web:v1", "Labels": {} },
            "HostConfig": { "RestartPolicy": { "Name": "no" } },
        });
        change(&mut raw);
        Container::read(raw).unwrap()
    }

    #[track_caller]
    fn stands_in_the_way(change: impl FnOnce(&mut Value), expected: Option<&str>) {
        let web: ImageReference = "docker.io/acme/web".parse().unwrap();
        let obstacle = of(&container(change), web.repository(), &Ourselves::default());
        match expected {
            Some(text) => assert!(
                obstacle.as_deref().is_some_and(|o| o.contains(text)),
                "{obstacle:?}"
            ),
            None => assert_eq!(obstacle, None),
        }
    }

    #[test]
    fn what_others_manage_is_left_to_them() {
        stands_in_the_way(|_| {}, None);
        for label in [
            "com.docker.swarm.service.id",
            "io.kubernetes.pod.name",
            "com.hashicorp.nomad.alloc_id",
        ] {
            let labelled = |raw: &mut Value| raw["Config"]["Labels"][label] = "x".into();
            stands_in_the_way(labelled, Some("it belongs to"));
        }
        stands_in_the_way(
            |raw| raw["Config"]["Labels"]["com.docker.compose.oneoff"] = "True".into(),
            Some("one-off"),
        );
        stands_in_the_way(
            |raw| raw["HostConfig"]["AutoRemove"] = true.into(),
            Some("without `--rm`"),
        );
        stands_in_the_way(
            |raw| raw["Config"]["Image"] = "nginx".into(),
            Some("it runs `nginx`"),
        );
        stands_in_the_way(
            |raw| raw["Config"]["Image"] = "sha256:e8ccc5b84582c761".into(),
            None,
        );
    }

    #[test]
    fn a_container_that_was_stopped_is_not_started_but_one_that_crashed_is_mended() {
        let exited = |code: i64, policy: &'static str| {
            move |raw: &mut Value| {
                raw["State"] = json!({ "Status": "exited", "ExitCode": code });
                raw["HostConfig"]["RestartPolicy"]["Name"] = policy.into();
            }
        };
        stands_in_the_way(exited(0, "no"), Some("stopped by somebody"));
        stands_in_the_way(exited(143, "no"), Some("stopped by somebody"));
        stands_in_the_way(exited(1, "always"), Some("stopped by somebody"));
        stands_in_the_way(exited(1, "no"), None);
        stands_in_the_way(
            |raw| raw["State"] = json!({ "Status": "created" }),
            Some("stopped by somebody"),
        );
        stands_in_the_way(
            |raw| raw["State"]["Paused"] = true.into(),
            Some("unpause it"),
        );
    }

    #[test]
    fn who_has_its_network_would_lose_it() {
        let web = container(|_| {});
        let other = |mode: &str, state: &str| -> Vec<Summary> {
            serde_json::from_value(json!([{
                "Id": "o", "Names": ["/sidecar"], "State": state, "HostConfig": { "NetworkMode": mode },
            }]))
            .unwrap()
        };
        assert!(
            dependent(&web, &other("container:5933a7d8006c0000", "running"))
                .is_some_and(|text| text.contains("`sidecar`"))
        );
        assert!(dependent(&web, &other("container:web", "running")).is_some());
        assert_eq!(dependent(&web, &other("container:web", "exited")), None);
        assert_eq!(dependent(&web, &other("host", "running")), None);
    }
}
