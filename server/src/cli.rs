//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

/// Watches container registries and deploys the wanted tag, by digest, through the orchestrator you have.
#[derive(Debug, Parser)]
#[command(version, about, propagate_version = true)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Watch, deploy and serve the API until stopped.
    Serve(Serve),
    /// Run a command for each new release of one image; no configuration file needed.
    Watch(Watch),
    /// Poll everything once and print what would be done: exit 0 nothing, 2 something, 1 an error.
    Check(ConfigFile),
    /// Explain what is decided for one watch, asking the registry and the orchestrator now.
    Why(Why),
    /// Look at the configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Bring the store's schema up to date, or back.
    Migrate(Migrate),
    /// Print the OpenAPI document.
    Openapi,
    /// Watch a simulated registry and deploy to a simulated Nomad, and tell the story.
    Demo(Demo),
    /// Ask a running service whether it is well; for container health checks.
    Healthcheck(Healthcheck),
}

/// Which configuration.
#[derive(Debug, Args)]
pub(crate) struct ConfigFile {
    /// The configuration file.
    #[arg(
        short,
        long,
        env = "REGISTRYWATCHER_CONFIG",
        default_value = "registrywatcher.toml"
    )]
    pub config: PathBuf,
}

/// `serve`
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Which configuration.
    #[command(flatten)]
    pub config: ConfigFile,
    /// Decide and tell, and deploy nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// `watch`
#[derive(Debug, Args)]
pub(crate) struct Watch {
    /// The image, such as `ghcr.io/acme/web`.
    pub image: String,
    /// Which tag is wanted.
    #[command(flatten)]
    pub policy: WatchPolicy,
    /// How often the registry is asked.
    #[arg(long, default_value = "60s", value_parser = humantime::parse_duration)]
    pub interval: Duration,
    /// Where the state is kept [default: the user's state folder].
    #[arg(long)]
    pub store: Option<String>,
    /// Speak plain HTTP to the registry.
    #[arg(long)]
    pub plain_http: bool,
    /// Decide and tell, and run nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Stop after one poll and the command it leads to.
    #[arg(long)]
    pub once: bool,
    /// The command and its arguments; it finds the image in `RW_IMAGE`, `RW_TAG` and `RW_DIGEST`.
    #[arg(last = true, required = true)]
    pub command: Vec<String>,
}

/// Which tag is wanted; all versions if nothing is said.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(crate) struct WatchPolicy {
    /// The highest version inside a range, such as `^1.4`.
    #[arg(long, value_name = "RANGE")]
    pub semver: Option<String>,
    /// One mutable tag, followed by digest.
    #[arg(long)]
    pub tag: Option<String>,
    /// The highest number.
    #[arg(long)]
    pub numeric: bool,
    /// The last in byte order.
    #[arg(long)]
    pub alphabetical: bool,
}

/// `why`
#[derive(Debug, Args)]
pub(crate) struct Why {
    /// Which watch.
    pub watch: String,
    /// Which configuration.
    #[command(flatten)]
    pub config: ConfigFile,
}

/// `config`
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// List every fault of a file, or print what it means; a file of the Go service is translated.
    Check(ConfigFile),
}

/// `migrate`
#[derive(Debug, Args)]
pub(crate) struct Migrate {
    /// Which configuration.
    #[command(flatten)]
    pub config: ConfigFile,
    /// Undo this many migrations instead.
    #[arg(long, value_name = "STEPS")]
    pub down: Option<u32>,
}

/// `demo`
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Stop after this many seconds.
    #[arg(long, value_name = "N")]
    pub seconds: Option<u64>,
    /// The port of the API [default: a free one].
    #[arg(long)]
    pub port: Option<u16>,
}

/// `healthcheck`
#[derive(Debug, Args)]
pub(crate) struct Healthcheck {
    /// Where the service listens.
    #[arg(
        long,
        default_value = "http://127.0.0.1:8080",
        env = "REGISTRYWATCHER_URL"
    )]
    pub url: url::Url,
}
