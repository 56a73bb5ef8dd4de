//! `demo`: the whole service on a simulated registry and a simulated Nomad, telling its story.

mod story;

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use registrywatcher_simulator::{SimulatedNomad, SimulatedRegistry};

use crate::cli::Demo;
use crate::commands::serve::{Kept, serve};
use crate::config::{Config, Environment, Sources};
use crate::deployers::Catalogue;
use crate::telemetry;
use story::Story;

/// The repository whose releases are deployed.
const REPOSITORY: &str = "acme/web";

/// Runs until stopped, or for as many seconds as asked. Nothing is installed and nothing is left behind.
pub(crate) async fn run(args: &Demo, catalogue: &Catalogue) -> anyhow::Result<ExitCode> {
    let registry = SimulatedRegistry::start().await?;
    let nomad = SimulatedNomad::start().await?;
    nomad.configure(|settings| settings.health_delay = Duration::from_secs(2));
    let folder = tempfile::tempdir()?;
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, args.port.unwrap_or(0)));
    let config = configuration(&registry, &nomad, folder.path(), listen)?;
    telemetry::start(&config.log)?;
    let story = Story::begin(registry, nomad);
    let limit = async {
        match args.seconds {
            Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
            None => std::future::pending().await,
        }
    };
    // The demo is set up by itself alone: no variable of the environment may point it at a real orchestrator.
    let nothing = Environment::default();
    tokio::select! {
        served = serve(&config, catalogue, &nothing, Kept::Everything, |address, app| story.tell(address, app)) => served?,
        () = limit => {}
    }
    println!("{}", story.summary());
    Ok(ExitCode::SUCCESS)
}

fn configuration(
    registry: &SimulatedRegistry,
    nomad: &SimulatedNomad,
    folder: &std::path::Path,
    listen: SocketAddr,
) -> anyhow::Result<Config> {
    let text = format!(
        r#"
        docker_config = false

        [server]
        listen = "{listen}"

        [store]
        url = "sqlite://{store}"

        [poll]
        interval = "1s"

        [log]
        filter = "error"

        [deployers.nomad]
        kind = "nomad"
        address = "{nomad}"

        [watches.web]
        image = "{registry}/{REPOSITORY}"
        min_interval = "1s"
        workloads = [{{ deployer = "nomad", job = "web", task = "server" }}]
        "#,
        store = folder.join("demo.db").display(),
        nomad = nomad.url(),
        registry = registry.host(),
    );
    Ok(Sources::new().text("the demo", text).load()?.config)
}
