//! The examples by which others run the service: what they configure is accepted, and they fit what they belong to.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use registrywatcher_server::config::{Config, Sources};
use serde_json::{Value, json};

/// The user of the image.
const USER: u64 = 65532;

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn documents(path: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(&read(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The only document of a kind.
fn of_kind(documents: &[Value], kind: &str) -> Value {
    let mut found = documents.iter().filter(|found| found["kind"] == kind);
    let (only, another) = (found.next(), found.next());
    assert!(another.is_none(), "several of {kind}");
    only.unwrap_or_else(|| panic!("no {kind}")).clone()
}

/// What `toml` comes to, where the secrets in `folders` are files that are there.
fn configuration(toml: &str, folders: &[&str]) -> Config {
    let secrets = tempfile::tempdir().unwrap();
    fs::write(secrets.path().join("operator"), "a token").unwrap();
    let url = "postgres://registrywatcher:secret@db.example/registrywatcher";
    fs::write(secrets.path().join("database-url"), url).unwrap();
    let here = secrets.path().display().to_string();
    let toml = folders.iter().fold(toml.to_owned(), |toml, folder| {
        toml.replace(&format!("{folder}/operator"), &format!("{here}/operator"))
            .replace(&format!("{folder}/database"), &format!("{here}/database"))
    });
    let loaded = Sources::new().text("the example", toml).load();
    let loaded = loaded.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(loaded.warnings, []);
    assert_eq!(loaded.config.check_exposure(), Ok(()));
    loaded.config
}

#[test]
fn the_configuration_of_kubernetes_is_accepted_and_found() {
    let documents = documents("examples/kubernetes/registrywatcher.yaml");
    let map = of_kind(&documents, "ConfigMap");
    let toml = map["data"]["registrywatcher.toml"].as_str().unwrap();
    let config = configuration(toml, &["/run/secrets/registrywatcher"]);
    let deployer = config.deployers.values().next().unwrap();
    assert_eq!(deployer.kind, "kubernetes");
    #[cfg(feature = "kubernetes")]
    {
        let settings = Value::Object(deployer.settings.clone());
        let settings: registrywatcher_deployer_kubernetes::Settings =
            serde_json::from_value(settings).unwrap();
        assert!(settings.in_cluster);
    }

    let pod = &of_kind(&documents, "Deployment")["spec"]["template"]["spec"];
    let mounts = pod["containers"][0]["volumeMounts"].as_array().unwrap();
    let mounted: BTreeSet<&str> = mounts
        .iter()
        .filter_map(|mount| mount["mountPath"].as_str())
        .collect();
    let image = read("packaging/Dockerfile");
    for folder in ["/etc/registrywatcher", "/var/lib/registrywatcher"] {
        assert!(mounted.contains(folder), "{folder} is mounted");
        assert!(image.contains(folder), "the image looks for {folder}");
    }
    assert!(mounted.contains("/run/secrets/registrywatcher"));
    assert_eq!(pod["securityContext"]["runAsUser"], USER);
    assert!(image.contains(&format!("USER {USER}:{USER}")));
}

#[test]
fn kubernetes_finds_what_belongs_together() {
    let documents = documents("examples/kubernetes/registrywatcher.yaml");
    let deployment = of_kind(&documents, "Deployment");
    let labels = &deployment["spec"]["template"]["metadata"]["labels"];
    assert_eq!(&deployment["spec"]["selector"]["matchLabels"], labels);
    assert_eq!(&of_kind(&documents, "Service")["spec"]["selector"], labels);
    let policy = of_kind(&documents, "NetworkPolicy");
    assert_eq!(&policy["spec"]["podSelector"]["matchLabels"], labels);

    let account = of_kind(&documents, "ServiceAccount")["metadata"].clone();
    let access = self::documents("examples/kubernetes/access.yaml");
    let binding = of_kind(&access, "RoleBinding");
    assert_eq!(binding["subjects"][0]["name"], account["name"]);
    assert_eq!(binding["subjects"][0]["namespace"], account["namespace"]);
    let role = of_kind(&access, "Role");
    assert_eq!(binding["roleRef"]["name"], role["metadata"]["name"]);
    // What the configuration deploys to.
    assert_eq!(role["metadata"]["namespace"], "shop");
}

/// The rights that `config/examples/kubernetes.toml` lists, as in `apps  deployments, daemonsets  get, patch`.
fn listed_rights() -> BTreeSet<(String, String, String)> {
    let example = read("config/examples/kubernetes.toml");
    let mut rights = BTreeSet::new();
    for line in example.lines().filter_map(|line| line.strip_prefix("#   ")) {
        let mut columns = line
            .split("  ")
            .map(str::trim)
            .filter(|part| !part.is_empty());
        let [group, resources, verbs] = [(); 3].map(|()| columns.next().unwrap());
        for resource in resources.split(", ") {
            for verb in verbs.split(", ") {
                let group = group.trim_matches('"');
                rights.insert((group.to_owned(), resource.to_owned(), verb.to_owned()));
            }
        }
    }
    rights
}

#[test]
fn the_role_has_the_rights_that_the_deployer_asks_for_and_no_others() {
    let access = documents("examples/kubernetes/access.yaml");
    let role = of_kind(&access, "Role");
    let words = |value: &Value| -> Vec<String> { serde_json::from_value(value.clone()).unwrap() };
    let mut granted = BTreeSet::new();
    for rule in role["rules"].as_array().unwrap() {
        for group in words(&rule["apiGroups"]) {
            for resource in words(&rule["resources"]) {
                for verb in words(&rule["verbs"]) {
                    granted.insert((group.clone(), resource.clone(), verb));
                }
            }
        }
    }
    assert!(granted.len() > 10, "{granted:?}");
    assert_eq!(granted, listed_rights());
}

#[test]
fn the_configuration_in_the_nomad_job_is_accepted() {
    let job = read("examples/nomad/registrywatcher.nomad.hcl");
    let (_, rest) = job.split_once("<<-TOML\n").unwrap();
    let (toml, _) = rest.split_once("TOML\n").unwrap();
    let config = configuration(toml, &["/secrets"]);
    let deployer = config.deployers.values().next().unwrap();
    let settings = Value::Object(deployer.settings.clone());
    let settings: registrywatcher_deployer_nomad::Settings =
        serde_json::from_value(settings).unwrap();
    assert_eq!(
        settings.address.as_deref(),
        Some("unix:///secrets/api.sock")
    );
    for secret in ["secrets/operator", "secrets/database-url"] {
        assert!(
            job.contains(&format!("destination = \"{secret}\"")),
            "{secret}"
        );
    }
}

#[test]
fn the_policy_of_nomad_names_what_a_refusal_asks_for() {
    let policy = read("examples/nomad/registrywatcher.policy.hcl");
    let refusal = read("adapters/deployer-nomad/src/error.rs");
    for right in ["read-job", "submit-job"] {
        assert!(policy.contains(&format!("\"{right}\"")), "{right}");
        assert!(refusal.contains(&format!("`{right}`")), "{right}");
    }
}

#[test]
fn what_compose_mounts_is_there() {
    let compose = &documents("compose.yaml")[0];
    let service = &compose["services"]["registrywatcher"];
    let volumes = service["volumes"].as_array().unwrap();
    let from: Vec<&str> = volumes
        .iter()
        .filter_map(|volume| volume.as_str()?.split(':').next())
        .collect();
    assert_eq!(from, ["./config/examples/compose.toml", "./token"]);
    let config = configuration(&read("config/examples/compose.toml"), &["/run/secrets"]);
    assert_eq!(config.server.listen.port(), 8080);
    assert_eq!(service["ports"], json!(["127.0.0.1:8080:8080"]));
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(service["image"], format!("registrywatcher:{version}"));
}
