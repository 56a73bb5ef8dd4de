use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use registrywatcher::app::App;
use registrywatcher::event::{Event, EventKind};
use registrywatcher::ports::{EventQuery, EventRange};
use registrywatcher::watch::WatchName;
use registrywatcher_simulator::{SimulatedNomad, SimulatedRegistry};
use serde_json::json;

use super::REPOSITORY;

/// The time between two releases.
const PACE: Duration = Duration::from_secs(7);

/// Publishes releases and prints what happens, a line at a time.
#[derive(Clone)]
pub(super) struct Story {
    stage: Arc<Stage>,
}

struct Stage {
    registry: SimulatedRegistry,
    nomad: SimulatedNomad,
    began: Instant,
    told: Mutex<BTreeMap<&'static str, u32>>,
}

/// What happens every few seconds, over and over: a release, another, a broken one, a repaired one, and a re-push.
#[derive(Clone, Copy)]
enum Scene {
    Release,
    Broken,
    Repush,
}

const SCENES: [Scene; 5] = [
    Scene::Release,
    Scene::Broken,
    Scene::Release,
    Scene::Repush,
    Scene::Release,
];

impl Story {
    /// A job runs the first release, by tag, as somebody's job file would have it.
    pub(super) fn begin(registry: SimulatedRegistry, nomad: SimulatedNomad) -> Self {
        registry.publish(REPOSITORY, "v1.0.0");
        let image = format!("{}/{REPOSITORY}:v1.0.0", registry.host());
        nomad.service_job_with("web", "web", "server", "docker", &image, |job| {
            job["TaskGroups"][0]["Update"] = json!({ "AutoRevert": true });
        });
        Self {
            stage: Arc::new(Stage {
                registry,
                nomad,
                began: Instant::now(),
                told: Mutex::default(),
            }),
        }
    }

    /// Starts telling, once the API is up.
    pub(super) fn tell(&self, address: SocketAddr, app: Arc<App>) {
        let stage = &self.stage;
        println!("registry  a simulated one at {}", stage.registry.url());
        println!(
            "nomad     a simulated one at {}, running job `web` at v1.0.0",
            stage.nomad.url()
        );
        println!("page      http://{address}, to look, deploy an older tag, and roll back");
        println!("api       http://{address}/api/v1/watches/web");
        println!(
            "          curl -X POST http://{address}/tags/web -H 'content-type: application/json' \\"
        );
        println!("               -d '{{\"pinned_tag\": \"v1.0.0\"}}'");
        println!();
        tokio::spawn(publish(Arc::clone(stage)));
        tokio::spawn(narrate(Arc::clone(stage), app));
    }

    /// How it went, in one line.
    pub(super) fn summary(&self) -> String {
        let told = self
            .stage
            .told
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let count = |kind| told.get(kind).copied().unwrap_or_default();
        let running = self.stage.nomad.running_image("web", "web", "server");
        let running = running.map_or_else(
            || "`web` is just being replaced".to_owned(),
            |image| format!("`web` runs {image}"),
        );
        format!(
            "\n{} deployments succeeded, {} failed and were reverted; {running}",
            count("deployment_succeeded"),
            count("deployment_failed"),
        )
    }
}

impl Stage {
    fn say(&self, who: &str, what: &str) {
        println!("{:>4} s  {who:<9} {what}", self.began.elapsed().as_secs());
    }

    fn play(&self, scene: Scene, minor: u32) {
        let tag = format!("v1.{minor}.0");
        match scene {
            Scene::Release => {
                self.registry.publish(REPOSITORY, &tag);
                self.say("registry", &format!("{tag} was pushed"));
            }
            Scene::Broken => {
                let digest = self.registry.publish(REPOSITORY, &tag);
                self.nomad.unhealthy_image(&digest);
                self.say(
                    "registry",
                    &format!("{tag} was pushed; it never gets healthy"),
                );
            }
            Scene::Repush => {
                let tag = format!("v1.{}.0", minor - 1);
                self.registry.repush(REPOSITORY, &tag);
                self.say(
                    "registry",
                    &format!("{tag} was pushed again, with another image"),
                );
            }
        }
    }
}

async fn publish(stage: Arc<Stage>) {
    let mut minor = 0;
    for scene in SCENES.iter().copied().cycle() {
        tokio::time::sleep(PACE).await;
        if !matches!(scene, Scene::Repush) {
            minor += 1;
        }
        let next = if matches!(scene, Scene::Repush) {
            minor + 1
        } else {
            minor
        };
        stage.play(scene, next);
    }
}

async fn narrate(stage: Arc<Stage>, app: Arc<App>) {
    let mut last = 0;
    loop {
        let query = EventQuery {
            watch: None,
            range: EventRange::After(last),
            limit: 100,
        };
        for event in app.events(&query).await.unwrap_or_default() {
            last = event.id;
            stage.note(&event);
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

impl Stage {
    fn note(&self, event: &Event) {
        *self
            .told
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(event.kind.name())
            .or_default() += 1;
        // Two of the steps of a rollout say nothing that the others do not.
        let is_dull = matches!(
            event.kind,
            EventKind::DeploymentStarted { .. } | EventKind::DeploymentAccepted { .. }
        );
        if !is_dull {
            let watch = event.watch.as_ref().map_or("all", WatchName::as_str);
            self.say(watch, &event.kind.to_string());
        }
    }
}
