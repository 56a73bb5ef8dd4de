use registrywatcher_simulator::{SimulatedNomad, SimulatedRegistry};
use serde_json::{Value, json};

use crate::databases::Database;
use crate::program::Program;
use crate::wait::eventually;

pub(crate) const REPOSITORY: &str = "acme/web";

/// A simulated registry, a simulated Nomad whose job `web` runs its first release by tag, and a program that joins them.
pub(crate) struct Site {
    pub(crate) database: Database,
    pub(crate) registry: SimulatedRegistry,
    pub(crate) nomad: SimulatedNomad,
    pub(crate) program: Program,
}

/// Adds a job with one task, which Nomad reverts by itself when a rollout fails.
pub(crate) fn add_job(nomad: &SimulatedNomad, job: &str, task: &str, image: &str) {
    nomad.service_job_with(job, "app", task, "docker", image, |job| {
        job["TaskGroups"][0]["Update"] = json!({ "AutoRevert": true });
    });
}

/// The ids of our deployments that were ever written into the job, each as often as it was, oldest first.
pub(crate) fn marks(nomad: &SimulatedNomad, job: &str) -> Vec<String> {
    let versions = nomad.versions(job);
    let mark = |version: &Value| {
        let meta = &version["TaskGroups"][0]["Tasks"][0]["Meta"];
        meta["registrywatcher_deployment"]
            .as_str()
            .map(str::to_owned)
    };
    versions.iter().rev().filter_map(mark).collect()
}

impl Site {
    pub(crate) async fn open(database: Database) -> Self {
        Self::open_with(database, "").await
    }

    /// As [`Self::open`], with `more` at the end of the configuration, which may have other watches and settings.
    pub(crate) async fn open_with(database: Database, more: &str) -> Self {
        let registry = SimulatedRegistry::start().await.unwrap();
        let nomad = SimulatedNomad::start().await.unwrap();
        registry.publish(REPOSITORY, "v1.0.0");
        let host = registry.host();
        add_job(
            &nomad,
            "web",
            "server",
            &format!("{host}/{REPOSITORY}:v1.0.0"),
        );
        let config = format!(
            r#"{head}
            [watches.web]
            image = "{host}/{REPOSITORY}"
            min_interval = "0s"
            workloads = [{{ deployer = "nomad", job = "web", task = "server" }}]
            {more}"#,
            head = head(&database, &nomad),
        );
        Self {
            database,
            registry,
            nomad,
            program: Program::new(&config),
        }
    }

    pub(crate) fn publish(&self, tag: &str) -> String {
        self.registry.publish(REPOSITORY, tag)
    }

    /// Publishes an image that starts and never gets healthy, and gives its digest.
    pub(crate) fn publish_broken(&self, tag: &str) -> String {
        self.publish_after(tag, |digest| self.nomad.unhealthy_image(digest))
    }

    /// Publishes an image which the driver cannot start, for a reason in its words, and gives its digest.
    pub(crate) fn publish_unstartable(&self, tag: &str, words: &str) -> String {
        self.publish_after(tag, |digest| self.nomad.fail_image(digest, words))
    }

    /// Publishes an image whose digest is needed before it has its tag.
    fn publish_after(&self, tag: &str, prepare: impl FnOnce(&str)) -> String {
        let digest = self.registry.publish(REPOSITORY, "being-built");
        prepare(&digest);
        self.registry.tag(REPOSITORY, tag, &digest);
        digest
    }

    /// An image by digest, as it is written into a job.
    pub(crate) fn image(&self, digest: &str) -> String {
        format!("{}/{REPOSITORY}@{digest}", self.registry.host())
    }

    /// Waits until the job runs the image.
    pub(crate) async fn runs(&self, digest: &str) {
        let image = self.image(digest);
        eventually(&format!("`web` runs {image}"), async || {
            (self.running().as_ref() == Some(&image)).then_some(())
        })
        .await;
    }

    pub(crate) fn running(&self) -> Option<String> {
        self.nomad.running_image("web", "app", "server")
    }

    pub(crate) fn marks(&self) -> Vec<String> {
        marks(&self.nomad, "web")
    }
}

/// The sections that come before the watches.
pub(crate) fn head(database: &Database, nomad: &SimulatedNomad) -> String {
    format!(
        r#"
        docker_config = false

        [server]
        listen = "127.0.0.1:0"

        [store]
        url = "{store}"

        [poll]
        interval = "300ms"

        [deployers.nomad]
        kind = "nomad"
        address = "{nomad}"
        wait = "2s"
        "#,
        store = database.url(),
        nomad = nomad.url(),
    )
}
