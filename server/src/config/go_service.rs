//! The configuration of the Go service that this one replaces, translated into the sections of this one.
//!
//! The translation is what the Go service did: each watched repository is one task of a Nomad job, and its highest
//! `v1.2.3` is wanted. Sections of the new shape may stand in the same file and win, so that a file can move step by step.

mod nomad;
mod registry;
mod wire;

use std::collections::BTreeMap;

use figment::value::{Dict, Value};
use registrywatcher::image::ImageReference;
use secrecy::{ExposeSecret, SecretString};
use toml::Table;

use super::SECTIONS;
use super::environment::Environment;
use super::fault::{Finding, Findings};
use super::key::Key;
use super::layer::{Layer, Layers};
use super::nearest::suggest;
use super::reading::read;
use super::scalar::{HumanDuration, duration_text};
use registry::Registries;
use wire::{Repo, Wire};

/// The name that the translation gives the one Nomad.
const DEPLOYER: &str = "nomad";

/// The tags that were releases to the Go service.
const RELEASE_TAGS: &str = r"^v\d{1,3}\.\d{1,3}\.\d{1,3}$";

/// The tags that it took for commits and never showed.
const COMMIT_TAGS: &str = "[0-9a-fA-F]{40}";

/// Keys by which a file of the Go service is recognised.
const RECOGNISED_BY: [&str; 6] = [
    "server_listening_address",
    "poll_interval",
    "watched_repositories",
    "database_url",
    "registry_map",
    "repo_map",
];

/// Keys that the Go service or its tests read and nothing here needs, besides `dockerhub_…`.
const WITHOUT_MEANING: [&str; 7] = [
    "create_database_schema",
    "is_test",
    "base_public_image",
    "registry_container_image",
    "registry_container_port",
    "postgres_container_image",
    "postgres_container_port",
];

/// A translated file.
pub(super) struct Translation {
    pub(super) values: Dict,
    pub(super) faults: Vec<Finding>,
    pub(super) warnings: Vec<Finding>,
}

/// Whether a file is one of the Go service.
pub(super) fn is_go_shaped(values: &Dict) -> bool {
    RECOGNISED_BY.iter().any(|key| values.contains_key(*key))
}

/// Translates a file of the Go service; what is wrong is told under the file's own keys.
pub(super) fn translate(layer: &Layer, environment: &Environment) -> Translation {
    let layers = Layers::merge(vec![layer.clone()]);
    let mut findings = Findings::new(&layers);
    let (sections, mut go): (Dict, Dict) = layer
        .values
        .clone()
        .into_iter()
        .partition(|(key, _)| SECTIONS.contains(&key.as_str()));
    drop_meaningless(&mut go, &mut findings);
    let wire: Wire = read(Value::from(go), &mut findings);
    let mut translator = Translator {
        findings,
        environment,
        output: Table::new(),
    };
    translator.translate(wire);
    let Translator {
        findings, output, ..
    } = translator;
    let (faults, warnings) = findings.into_parts();
    let translated = Value::serialize(output)
        .ok()
        .and_then(Value::into_dict)
        .unwrap_or_default();
    Translation {
        values: overlaid(translated, sections),
        faults,
        warnings,
    }
}

fn drop_meaningless(go: &mut Dict, findings: &mut Findings<'_>) {
    let root = Key::root();
    let mut drop = |dict: &mut Dict, at: &Key, is_meaningless: fn(&str) -> bool| {
        dict.retain(|key, _| {
            if is_meaningless(key) {
                findings.warn(&at.child(key), "has no meaning any more; remove it");
            }
            !is_meaningless(key)
        });
    };
    drop(go, &root, |key| {
        key.starts_with("dockerhub_") || WITHOUT_MEANING.contains(&key)
    });
    let Some(Value::Dict(_, repos)) = go.get_mut("repo_map") else {
        return;
    };
    for (name, repo) in repos {
        if let Value::Dict(_, repo) = repo {
            // Later versions of the service's own sample have it.
            drop(repo, &root.child("repo_map").child(name), |key| {
                key == "test"
            });
        }
    }
}

/// `base` with `over` laid over it, table by table.
fn overlaid(mut base: Dict, over: Dict) -> Dict {
    for (key, value) in over {
        let value = match (base.remove(&key), value) {
            (Some(Value::Dict(_, base)), Value::Dict(tag, over)) => {
                Value::Dict(tag, overlaid(base, over))
            }
            (_, value) => value,
        };
        base.insert(key, value);
    }
    base
}

struct Translator<'a> {
    findings: Findings<'a>,
    environment: &'a Environment,
    output: Table,
}

impl Translator<'_> {
    fn translate(&mut self, wire: Wire) {
        if let Some(listen) = wire.server_listening_address {
            self.set(["server", "listen"], listen);
        }
        if let Some(HumanDuration(interval)) = wire.poll_interval {
            self.set(["poll", "interval"], duration_text(interval));
        }
        self.webhook(wire.webhook_url.as_ref());
        self.database(wire.database_url.as_ref());
        let nomad = nomad::settings(self.environment, &mut self.findings);
        self.set(["deployers", DEPLOYER], nomad);
        self.watches(
            &wire.watched_repositories,
            &wire.registry_map,
            &wire.repo_map,
        );
    }

    fn webhook(&mut self, url: Option<&SecretString>) {
        match url.map(ExposeSecret::expose_secret) {
            Some(url) if is_placeholder(url) => {
                let problem = "was never filled in; nobody is told what happens";
                self.findings
                    .warn(&Key::root().child("webhook_url"), problem);
            }
            Some(url) => self.set(["notifications", "slack"], table([("webhook_url", url)])),
            None => {}
        }
    }

    fn database(&mut self, url: Option<&SecretString>) {
        let key = Key::root().child("database_url");
        let given = self.environment.get("DATABASE_URL").is_some();
        match url.map(ExposeSecret::expose_secret) {
            Some(url) if is_placeholder(url) => {
                if !given {
                    self.findings
                        .fault(&key, "was never filled in; write a URL or set DATABASE_URL");
                }
            }
            Some(url) => self.set(["store", "url"], url),
            None if given => {}
            None => self
                .findings
                .warn(&key, "is not given; a new SQLite database is used"),
        }
    }

    fn watches(
        &mut self,
        watched: &[String],
        registry_map: &BTreeMap<String, wire::Registry>,
        repo_map: &BTreeMap<String, Repo>,
    ) {
        let at = Key::root().child("repo_map");
        let mut registries = Registries::new(registry_map);
        for name in watched {
            let key = at.child(name);
            let Some(repo) = repo_map.get(name) else {
                let known = repo_map.keys().map(String::as_str);
                let problem = format!(
                    "is missing, but `{name}` is watched; {}",
                    suggest(name, known)
                );
                self.findings.fault(&key, problem);
                continue;
            };
            let image = self.image(name, repo, &key, &mut registries);
            let workload = self.workload(repo, &key);
            if let (Some(image), Some(workload)) = (image, workload) {
                self.set(["watches", name], watch(&image, workload));
            }
        }
        for (host, registry) in registries.into_sections() {
            self.set(["registries", &host], registry);
        }
        for name in repo_map.keys().filter(|name| !watched.contains(name)) {
            self.findings.warn(
                &at.child(name),
                "is not listed in `watched_repositories`, so it is not watched",
            );
        }
    }

    fn image(
        &mut self,
        name: &str,
        repo: &Repo,
        at: &Key,
        registries: &mut Registries<'_>,
    ) -> Option<ImageReference> {
        let key = at.child("registry_name");
        let registry = registries.named(repo.registry.as_deref(), &key, &mut self.findings)?;
        let path = match registry.prefix.trim_matches('/') {
            "" => name.to_owned(),
            prefix => format!("{prefix}/{name}"),
        };
        self.findings
            .parse(at, &format!("{}/{path}", registry.host))
    }

    fn workload(&mut self, repo: &Repo, at: &Key) -> Option<Table> {
        let job_key = at.child("nomad_job_name");
        let job = self
            .findings
            .require(&job_key, repo.job.as_deref(), "missing");
        let task_key = at.child("nomad_task_name");
        let task = self
            .findings
            .require(&task_key, repo.task.as_deref(), "missing");
        Some(table([
            ("deployer", DEPLOYER),
            ("job", job?),
            ("task", task?),
        ]))
    }

    fn set<const N: usize>(&mut self, path: [&str; N], value: impl Into<toml::Value>) {
        let [parents @ .., last] = &path[..] else {
            return;
        };
        let mut table = &mut self.output;
        for parent in parents {
            let inner = table.entry(*parent).or_insert_with(|| Table::new().into());
            let toml::Value::Table(inner) = inner else {
                return;
            };
            table = inner;
        }
        table.insert((*last).to_owned(), value.into());
    }
}

fn watch(image: &ImageReference, workload: Table) -> Table {
    let policy = table([
        ("semver", "*"),
        ("include", RELEASE_TAGS),
        ("exclude", COMMIT_TAGS),
    ]);
    let mut watch = table([("image", image.spelling())]);
    watch.insert("policy".to_owned(), policy.into());
    watch.insert("workloads".to_owned(), vec![workload].into());
    watch
}

fn table<const N: usize>(pairs: [(&str, &str); N]) -> Table {
    pairs
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value.into()))
        .collect()
}

/// Whether a value is what the sample file leaves to be filled in, such as `$YOUR_AUTH_STRING_HERE`.
fn is_placeholder(text: &str) -> bool {
    let text = text.trim();
    text.is_empty() || text.starts_with(['$', '<'])
}
