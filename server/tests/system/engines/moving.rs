//! One line of the configuration moves a watch to another kind of deployer.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use registrywatcher::image::Digest;
use registrywatcher_conformance::backends::DockerEngine;
use registrywatcher_simulator::SimulatedNomad;
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::place::{Kind, Place};
use super::tags;
use crate::databases::Database;
use crate::program::Program;
use crate::service::Service;
use crate::wait::eventually;

/// What `exec` runs where it is told of no other command.
const COMMAND: &str = "registrywatcher-deploy";

/// One repository, what runs it in each kind of orchestrator, and one program whose environment says where these are.
struct Town {
    database: Database,
    container: Place,
    service: Place,
    nomad: SimulatedNomad,
    program: Program,
}

impl Town {
    async fn open() -> Option<Self> {
        let engine = DockerEngine::shared()?;
        let container = Place::open(Kind::Docker, "mover").await?;
        let service = Place::open(Kind::Swarm, "mover").await?;
        let nomad = SimulatedNomad::start().await.unwrap();
        let database = Database::sqlite();
        container.push("v1", HEALTHY).await;
        container.run("v1").await;
        service.run("v1").await;
        let image = format!("{}:v1", container.repository());
        nomad.service_job("mover", "app", "server", "docker", &image);

        let mut program = Program::new("");
        let commands = program.folder().join("bin");
        write_command(&commands, &program.folder().join("deployed"));
        program.prefer_commands_of(&commands);
        program.set("DOCKER_HOST", &engine.address());
        program.set("NOMAD_ADDR", &nomad.url());
        Some(Self {
            database,
            container,
            service,
            nomad,
            program,
        })
    }

    /// The service, with that kind of deployer.
    async fn serve(&self, kind: &str) -> Service {
        let config = format!(
            r#"
            docker_config = false

            [server]
            listen = "127.0.0.1:0"

            [store]
            url = "{store}"

            [poll]
            interval = "300ms"

            [deployers.production]
            kind = "{kind}"

            [watches.mover]
            image = "{image}"
            policy = {{ numeric = "asc", extract = '^v(\d+)$' }}
            min_interval = "0s"
            workloads = [{{ deployer = "production", name = "mover" }}]
            "#,
            store = self.database.url(),
            image = self.container.repository(),
        );
        self.program.configure(&config);
        let service = self.program.serve().await;
        service.ready().await;
        service
    }

    /// Waits until the workload of that kind runs the image.
    async fn runs(&self, kind: &str, tag: &str, digest: &Digest) {
        let image = format!("{}@{digest}", self.container.repository());
        match kind {
            "docker" => drop(self.container.runs(tag).await),
            "swarm" => drop(self.service.runs(tag).await),
            _ => {
                eventually(&format!("{kind} runs {image}"), async || {
                    let running = match kind {
                        "nomad" => self.nomad.running_image("mover", "app", "server"),
                        _ => std::fs::read_to_string(self.program.folder().join("deployed")).ok(),
                    };
                    (running?.trim() == image).then_some(())
                })
                .await;
            }
        }
    }
}

/// Is healthy at once, so that nobody has to wait and see.
const HEALTHY: &[&str] = &[
    r#"ENTRYPOINT ["/app"]"#,
    r#"CMD ["serve"]"#,
    r#"HEALTHCHECK --interval=100ms CMD ["/app", "check-passes"]"#,
];

/// A command that writes the image into a file.
fn write_command(folder: &Path, file: &Path) {
    std::fs::create_dir(folder).unwrap();
    let command = folder.join(COMMAND);
    let script = format!("#!/bin/sh\necho \"$RW_IMAGE\" >{}\n", file.display());
    std::fs::write(&command, script).unwrap();
    std::fs::set_permissions(&command, PermissionsExt::from_mode(0o755)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn another_kind_in_one_line_moves_the_watch_with_its_intent_and_its_history() {
    let Some(town) = Town::open().await else {
        return;
    };
    let mut deployed = Vec::new();
    for (kind, at_first, tag) in [
        ("docker", "up_to_date", "v2"),
        ("swarm", "changed_outside", "v3"),
        ("nomad", "changed_outside", "v4"),
        ("exec", "up_to_date", "v5"),
    ] {
        let service = town.serve(kind).await;
        assert_eq!(tags(&service, "mover").await, deployed, "{kind}");
        service.decides("mover", at_first).await;
        let digest = town.container.push(tag, HEALTHY).await;
        service.newest_deployment("mover", tag, "succeeded").await;
        town.runs(kind, tag, &digest).await;
        deployed.push(tag);
        assert_eq!(service.stop().await.code, Some(0));
    }

    let service = town.serve("exec").await;
    let pin = json!({ "target": "pin", "tag": "v2" });
    let path = "/api/v1/watches/mover/intent";
    let (status, answer) = service.call(Method::PATCH, path, Some(pin)).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    service.newest_deployment("mover", "v2", "succeeded").await;
    let intent = service.watch("mover").await["intent"].clone();
    deployed.push("v2");
    service.stop().await;

    let service = town.serve("docker").await;
    let watch = service.decides("mover", "up_to_date").await;
    assert_eq!(
        watch["intent"], intent,
        "it is pinned, and runs that already"
    );
    assert_eq!(tags(&service, "mover").await, deployed);
}
