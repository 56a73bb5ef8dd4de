use registrywatcher::image::Repository;

use crate::spec::Spec;

/// Why a service must not be updated, and what to do; `None` where nothing stands in the way.
pub(crate) fn of(spec: Spec<'_>, repository: &Repository) -> Option<String> {
    let template = spec.template();
    if !template.is_container() {
        return Some("its tasks are plugins of the engine and no containers".to_owned());
    }
    let Some(runs) = template.reference() else {
        let image = template.image();
        return Some(format!("it runs `{image}`, which no registry has"));
    };
    (runs.repository() != repository)
        .then(|| format!("it runs `{runs}`, which is not of {repository}; check the names of both"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[track_caller]
    fn refuses(template: &Value, expected: Option<&str>) {
        let repository = "docker.io/acme/web".parse().unwrap();
        let spec = json!({ "Name": "web", "TaskTemplate": template });
        let found = of(Spec(&spec), &repository);
        match expected {
            None => assert_eq!(found, None),
            Some(words) => assert!(found.is_some_and(|it| it.contains(words)), "{template}"),
        }
    }

    #[test]
    fn a_service_must_run_containers_of_the_watched_repository() {
        let runs = |image: &str| json!({ "ContainerSpec": { "Image": image } });
        refuses(&runs("acme/web:v1"), None);
        refuses(
            &runs("acme/web-admin:v1"),
            Some("is not of docker.io/acme/web"),
        );
        refuses(&runs("sha256:e8ccc5b84582c761"), Some("is not of"));
        refuses(&runs(""), Some("no registry has"));
        refuses(
            &json!({ "PluginSpec": {}, "Runtime": "plugin" }),
            Some("plugins"),
        );
    }
}
