use std::collections::BTreeMap;

use registrywatcher::image::ImageReference;
use registrywatcher::text::suggest;
use secrecy::{ExposeSecret, SecretString};
use toml::Table;

use super::is_placeholder;
use super::registry::Registries;
use super::wire::{Registry, Repo, Wire};
use crate::config::fault::Findings;
use crate::config::key::Key;
use crate::config::scalar::{HumanDuration, duration_text};

/// The name that the translation gives the one Nomad.
const DEPLOYER: &str = "nomad";

/// The tags that were releases to the Go service.
const RELEASE_TAGS: &str = r"^v\d{1,3}\.\d{1,3}\.\d{1,3}$";

/// The tags that it took for commits and never showed.
const COMMIT_TAGS: &str = "[0-9a-fA-F]{40}";

/// Builds the sections that a file of the Go service comes to.
pub(super) struct Translator<'f, 'l> {
    findings: &'f mut Findings<'l>,
    /// Whether something else says where the store is.
    names_store: bool,
    output: Table,
}

impl<'f, 'l> Translator<'f, 'l> {
    pub(super) fn new(findings: &'f mut Findings<'l>, names_store: bool) -> Self {
        Self {
            findings,
            names_store,
            output: Table::new(),
        }
    }

    /// The sections, with `nomad` as the one deployer.
    pub(super) fn translate(mut self, wire: Wire, nomad: Table) -> Table {
        if let Some(listen) = wire.server_listening_address {
            self.set(["server", "listen"], listen);
        }
        if let Some(HumanDuration(interval)) = wire.poll_interval {
            self.set(["poll", "interval"], duration_text(interval));
        }
        self.webhook(wire.webhook_url.as_ref());
        self.database(wire.database_url.as_ref());
        self.set(["deployers", DEPLOYER], nomad);
        self.watches(
            &wire.watched_repositories,
            &wire.registry_map,
            &wire.repo_map,
        );
        self.output
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
        match url.map(ExposeSecret::expose_secret) {
            Some(url) if is_placeholder(url) => {
                if !self.names_store {
                    self.findings
                        .fault(&key, "was never filled in; write a URL or set DATABASE_URL");
                }
            }
            Some(url) => self.set(["store", "url"], url),
            None if self.names_store => {}
            None => self
                .findings
                .warn(&key, "is not given; a new SQLite database is used"),
        }
    }

    fn watches(
        &mut self,
        watched: &[String],
        registry_map: &BTreeMap<String, Registry>,
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
        let registry = registries.named(repo.registry.as_deref(), &key, self.findings)?;
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

pub(super) fn table<const N: usize>(pairs: [(&str, &str); N]) -> Table {
    pairs
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value.into()))
        .collect()
}
