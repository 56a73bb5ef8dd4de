//! The command line.

pub(crate) mod ctl;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use registrywatcher::event::NamePattern;
use registrywatcher::token::{Role, TokenName};

/// Watches container registries and deploys the wanted tag, by digest, through the orchestrator you have.
#[derive(Debug, Parser)]
#[command(name = "registrywatcher", version, about, propagate_version = true)]
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
    /// Look at a running service, and steer it, over its API.
    Ctl(ctl::Ctl),
    /// Make, list and revoke the tokens that the API accepts, in the store itself; a running service follows.
    #[command(subcommand)]
    Token(TokenCommand),
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
        default_value = Self::DEFAULT
    )]
    pub config: PathBuf,
}

impl ConfigFile {
    /// Which is read where none is named.
    const DEFAULT: &str = "registrywatcher.toml";
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

/// `token`
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token, and print it this once.
    New(TokenNew),
    /// List the tokens in the store.
    List(ConfigFile),
    /// Have a token accepted no more.
    Revoke(TokenRevoke),
}

/// `token new`
#[derive(Debug, Args)]
pub(crate) struct TokenNew {
    /// Whose it is; the author of what is done with it.
    #[arg(long)]
    pub name: TokenName,
    /// What may be done with it: `viewer`, `deployer` or `admin`.
    #[arg(long)]
    pub role: Role,
    /// Only for this watch, or for those that begin so, such as `api-*`; may be given several times [default: for all].
    #[arg(long = "watch", value_name = "WATCH")]
    pub watches: Vec<NamePattern>,
    /// For how long, such as `90d` [default: until it is revoked].
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub expires: Option<Duration>,
    /// Which configuration.
    #[command(flatten)]
    pub config: ConfigFile,
}

/// `token revoke`
#[derive(Debug, Args)]
pub(crate) struct TokenRevoke {
    /// Its name, as `token list` prints it.
    pub name: TokenName,
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
    /// Where the service listens [default: by the configuration's server.listen].
    #[arg(long, env = "REGISTRYWATCHER_URL")]
    pub url: Option<url::Url>,
    /// Which configuration tells so.
    #[command(flatten)]
    pub file: ConfigFile,
}
