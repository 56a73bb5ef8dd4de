//! The simulators as a program: it does what each line of its standard input says, and answers with a line. Tests in other
//! languages deploy from and to it; it ends with its standard input.

use std::io::{self, BufRead as _, Write as _};
use std::time::Duration;

use registrywatcher_simulator::{SimulatedNomad, SimulatedRegistry};
use serde_json::json;

struct Stage {
    registry: SimulatedRegistry,
    nomad: SimulatedNomad,
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let stage = Stage {
        registry: SimulatedRegistry::start().await?,
        nomad: SimulatedNomad::start().await?,
    };
    stage
        .nomad
        .configure(|settings| settings.health_delay = Duration::from_secs(1));
    let mut answers = io::stdout();
    for line in io::stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        writeln!(answers, "{}", stage.act(&words))?;
        answers.flush()?;
    }
    Ok(())
}

impl Stage {
    fn act(&self, words: &[&str]) -> String {
        match *words {
            ["addresses"] => format!("{} {}", self.registry.host(), self.nomad.url()),
            ["publish", repository, tag] => self.registry.publish(repository, tag),
            ["publish-broken", repository, tag] => {
                let digest = self.registry.publish(repository, tag);
                self.nomad.unhealthy_image(&digest);
                digest
            }
            ["repair"] => {
                self.nomad.recover();
                String::new()
            }
            ["run", job, image] => {
                self.run(job, image);
                String::new()
            }
            _ => format!("not understood: {}", words.join(" ")),
        }
    }

    /// A job that goes back by itself, as most people's do.
    fn run(&self, job: &str, image: &str) {
        self.nomad
            .service_job_with(job, job, "server", "docker", image, |it| {
                it["TaskGroups"][0]["Update"] = json!({ "AutoRevert": true });
            });
    }
}
