//! What the Go service was configured for keeps working: its own sample file, filled in, over Debian's registry.

mod commands;
mod exposure;
mod import;
mod jobs;
mod releases;
mod routes;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use registrywatcher::image::Digest;
use registrywatcher_conformance::backends::DockerRegistry;
use registrywatcher_simulator::SimulatedNomad;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::databases::Database;
use crate::program::Program;
use crate::service::Service;
use crate::wait::eventually;

/// The Go service's own sample, as it is.
const SAMPLE: &str = include_str!("go_service/staging.toml");

const USER: &str = "bot";
/// Its colon made the Go service panic.
const PASSWORD: &str = "se:cret";
const TOKEN: &str = "a token of the operator";
const NOMAD_TOKEN: &str = "a token of nomad";

/// What the sample calls everything: the repository, the job, its task, and the watch that they become.
const NAME: &str = "registrywatcher";
const REPOSITORY: &str = "some_prefix/registrywatcher";

/// Debian's registry with a password, a simulated Nomad with a token, and the sample file that joins them.
struct GoSite {
    database: Database,
    registry: DockerRegistry,
    nomad: SimulatedNomad,
    program: Program,
}

impl GoSite {
    /// `None` where there is no registry, which is then printed.
    async fn open(database: Database) -> Option<Self> {
        let registry = DockerRegistry::start(Some((USER, PASSWORD)))?;
        let nomad = SimulatedNomad::start().await.unwrap();
        registry.push(REPOSITORY, "v1.0.0", "v1.0.0");
        let image = format!("{}/{REPOSITORY}:v1.0.0", registry.host());
        nomad.service_job_with(NAME, "app", NAME, "docker", &image, dress);
        nomad.configure(|settings| settings.token = Some(NOMAD_TOKEN.to_owned()));
        let config = filled_in(&registry, &database) + &token_lines();
        let mut program = Program::new(&config);
        program.set("NOMAD_ADDR", &nomad.url());
        program.set("NOMAD_TOKEN", NOMAD_TOKEN);
        Some(Self {
            database,
            registry,
            nomad,
            program,
        })
    }

    /// Lets automatic deployments follow each other as fast as a test wants.
    fn hurry(&mut self) {
        let variable = "REGISTRYWATCHER_WATCHES__REGISTRYWATCHER__MIN_INTERVAL";
        self.program.set(variable, "0s");
    }

    async fn serve(&self) -> Service {
        let service = self
            .program
            .serve_with(&["--config", "registrywatcher.toml"]);
        let service = service.await.with_token(TOKEN);
        service.ready().await;
        service
    }

    /// Pushes an image that no other tag has.
    fn push(&self, tag: &str) -> Digest {
        self.registry.push(REPOSITORY, tag, tag)
    }

    fn image(&self, digest: &Digest) -> String {
        format!("{}/{REPOSITORY}@{digest}", self.registry.host())
    }

    /// Waits until the job runs the image by digest.
    async fn runs(&self, digest: &Digest) {
        let image = self.image(digest);
        eventually(&format!("the job runs {image}"), async || {
            let running = self.nomad.running_image(NAME, "app", NAME)?;
            (running == image).then_some(())
        })
        .await;
    }

    fn job(&self) -> Value {
        self.nomad.job(NAME).unwrap()
    }

    fn task(&self) -> Value {
        self.job()["TaskGroups"][0]["Tasks"][0].clone()
    }

    fn marks(&self) -> Vec<String> {
        crate::site::marks(&self.nomad, NAME)
    }
}

/// What the team wrote into its job, and wants to find there afterwards.
fn dress(job: &mut Value) {
    job["Meta"] = json!({ "team": "data" });
    job["TaskGroups"][0]["Update"] = json!({ "AutoRevert": true });
    let task = &mut job["TaskGroups"][0]["Tasks"][0];
    task["Env"] = json!({ "STAGE": "staging" });
    task["Meta"] = json!({ "owner": "someone" });
    task["Config"]["ports"] = json!(["http"]);
}

/// The sample with its addresses and credentials filled in, and a port that is free.
fn filled_in(registry: &DockerRegistry, database: &Database) -> String {
    let login = STANDARD.encode(format!("{USER}:{PASSWORD}"));
    let database_url = "postgresql://registry-watcher:registry-watcher@localhost:5432/registry-watcher?sslmode=disable";
    let filled_in = [
        ("0.0.0.0:8080", "0.0.0.0:0"),
        ("\"59s\"", "\"1s\""),
        (database_url, database.url()),
        ("registry_scheme = \"https\"", "registry_scheme = \"http\""),
        ("registry-1.docker.io", registry.host()),
        ("$YOUR_AUTH_STRING_HERE", &login),
    ];
    filled_in
        .iter()
        .fold(SAMPLE.to_owned(), |text, (from, to)| {
            assert!(text.contains(from), "the sample has no {from}");
            text.replace(from, to)
        })
}

/// The lines that the refusal to serve without a token tells, filled in.
fn token_lines() -> String {
    let hash = format!("{:x}", Sha256::digest(TOKEN));
    format!("\n[[auth.tokens]]\nname = \"operator\"\nrole = \"admin\"\nsha256 = \"{hash}\"\n")
}
