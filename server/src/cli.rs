//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::{Args, Parser, Subcommand};
use registrywatcher::event::NamePattern;
use registrywatcher::token::{Role, TokenName};

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
    /// Have a running service start no deployments of one watch, or of all, until a time.
    Freeze(Freeze),
    /// Have a running service deploy again before a freeze expires.
    Unfreeze(Unfreeze),
    /// Have a running service go back to the image that ran well before, and stay there until something newer appears.
    Rollback(Rollback),
    /// Look at, and release, the images that a running service does not deploy by itself.
    #[command(subcommand)]
    Quarantine(QuarantineCommand),
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

/// Which running service is asked, and as whom.
#[derive(Debug, Args)]
pub(crate) struct Remote {
    /// Where the service listens [default: by the configuration's server.listen].
    #[arg(long, value_name = "URL", env = "REGISTRYWATCHER_URL")]
    pub server: Option<url::Url>,
    /// The file that holds a token of it [default: the token in `REGISTRYWATCHER_TOKEN`].
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Which configuration.
    #[command(flatten)]
    pub config: ConfigFile,
}

/// `freeze`
#[derive(Debug, Args)]
pub(crate) struct Freeze {
    /// Which watch; all if none is named.
    pub watch: Option<String>,
    /// Until when.
    #[command(flatten)]
    pub end: FreezeEnd,
    /// Why, for those who wonder that nothing is deployed.
    #[arg(long)]
    pub reason: String,
    /// Which service.
    #[command(flatten)]
    pub remote: Remote,
}

/// Until when a freeze lasts.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct FreezeEnd {
    /// Until when, such as `2026-12-24T18:00:00Z`.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub until: Option<DateTime<Utc>>,
    /// For how long, such as `2h`.
    #[arg(long = "for", value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub lasting: Option<Duration>,
}

fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    let parsed = DateTime::parse_from_rfc3339(text);
    parsed
        .map(|moment| moment.to_utc())
        .map_err(|error| format!("{error}; write it as 2026-12-24T18:00:00Z"))
}

/// `unfreeze`
#[derive(Debug, Args)]
pub(crate) struct Unfreeze {
    /// Which watch alone; what freezes all of them if none is named.
    pub watch: Option<String>,
    /// Which service.
    #[command(flatten)]
    pub remote: Remote,
}

/// `rollback`
#[derive(Debug, Args)]
pub(crate) struct Rollback {
    /// Which watch.
    pub watch: String,
    /// Which workload alone, as `check` prints it [default: all of the watch, in their order].
    #[arg(long)]
    pub workload: Option<String>,
    /// Although deployments are frozen; takes an admin.
    #[arg(long = "override")]
    pub overrides_freeze: bool,
    /// Which service.
    #[command(flatten)]
    pub remote: Remote,
}

/// `quarantine`
#[derive(Debug, Subcommand)]
pub(crate) enum QuarantineCommand {
    /// List the images that a watch does not deploy by itself, and why.
    List(QuarantineList),
    /// Let an image be deployed again.
    Release(QuarantineRelease),
}

/// `quarantine list`
#[derive(Debug, Args)]
pub(crate) struct QuarantineList {
    /// Which watch.
    pub watch: String,
    /// Which service.
    #[command(flatten)]
    pub remote: Remote,
}

/// `quarantine release`
#[derive(Debug, Args)]
pub(crate) struct QuarantineRelease {
    /// Which watch.
    pub watch: String,
    /// The deployment that failed, or the tag under which the image failed; as `quarantine list` prints them.
    #[arg(value_name = "DEPLOYMENT|TAG")]
    pub image: String,
    /// Which service.
    #[command(flatten)]
    pub remote: Remote,
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
    /// Where the service listens.
    #[arg(
        long,
        default_value = "http://127.0.0.1:8080",
        env = "REGISTRYWATCHER_URL"
    )]
    pub url: url::Url,
}
