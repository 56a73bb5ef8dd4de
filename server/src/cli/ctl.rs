//! The arguments of `ctl`.

use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand, ValueEnum};
use registrywatcher::image::Tag;
use registrywatcher::watch::WatchName;
use registrywatcher_client::types::WatchStatus;
use uuid::Uuid;

use super::ConfigFile;

const EXIT_CODES: &str = "\
Exit codes:
  0   done
  1   refused by the service, or something failed here
  2   the deployment that was waited for did not succeed
  3   the service cannot be reached
  64  no such command, or faults in its arguments or in the configuration";

/// `ctl`
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Ctl {
    /// Which service, and how it is told.
    #[command(flatten)]
    pub remote: Remote,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// Which running service is asked, as whom, and how its answer is printed.
#[derive(Debug, Args)]
#[command(next_help_heading = "Service")]
pub(crate) struct Remote {
    /// Where the service listens [default: `REGISTRYWATCHER_SERVER`, or else `REGISTRYWATCHER_URL`, or else by the configuration's
    /// server.listen].
    #[arg(long, value_name = "URL", global = true)]
    pub server: Option<url::Url>,
    /// The file that holds a token of it [default: the token in `REGISTRYWATCHER_TOKEN`].
    #[arg(long, value_name = "FILE", global = true)]
    pub token_file: Option<PathBuf>,
    /// The configuration file that tells where the service listens.
    #[arg(
        short,
        long,
        env = "REGISTRYWATCHER_CONFIG",
        default_value = ConfigFile::DEFAULT,
        global = true
    )]
    pub config: PathBuf,
    /// Print what the API answers, as JSON: one value; of events one in each line.
    #[arg(long, global = true)]
    pub json: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// List the watches: what each wants, what runs, and how it stands.
    Watches(Watches),
    /// Explain what is decided for a watch.
    Why(OneWatch),
    /// Have a tag deployed, and stay at it.
    Pin(Pin),
    /// Follow the policy of the watch again.
    Track(OneWatch),
    /// Say whether anything is deployed without being asked for.
    AutoDeploy(AutoDeploy),
    /// Keep a watch as it is until something newer appears.
    Hold(Hold),
    /// End the hold of a watch.
    Release(OneWatch),
    /// Deploy now, whatever runs.
    Deploy(Deploy),
    /// Go back to the image that ran well before, and stay there until something newer appears.
    Rollback(Rollback),
    /// Give up a deployment that has not ended.
    Abandon(Abandon),
    /// Go on with a deployment that waits for it, because its canaries are well.
    Promote(Promote),
    /// List deployments, newest first.
    Deployments(Deployments),
    /// Start no deployments of one watch, or of all, until a time.
    Freeze(Freeze),
    /// Deploy again before a freeze expires.
    Unfreeze(Unfreeze),
    /// Look at, and release, the images that are not deployed by themselves.
    #[command(subcommand)]
    Quarantine(Quarantine),
    /// Print what happened, oldest first.
    Events(Events),
    /// Ask the registry now, rather than at the next poll, and print how the watch stands.
    Check(OneWatch),
    /// List the tags that the repository of a watch has, and what its policy makes of them.
    Tags(OneWatch),
    /// List the registries: whether they answer, and what may be asked of them still.
    Registries,
    /// Print as whom the service takes you.
    Whoami,
}

/// Of which watch.
#[derive(Debug, Args)]
pub(crate) struct OneWatch {
    /// Which watch.
    pub watch: WatchName,
}

/// `ctl watches`
#[derive(Debug, Args)]
pub(crate) struct Watches {
    /// Only those whose name or repository contains this.
    #[arg(long, value_name = "TEXT")]
    pub search: Option<String>,
    /// Only those that stand so: `deploying`, `failed`, `held`, `unknown` or `up_to_date`.
    #[arg(long)]
    pub status: Option<WatchStatus>,
}

/// `ctl pin`
#[derive(Debug, Args)]
pub(crate) struct Pin {
    /// Which watch.
    pub watch: WatchName,
    /// To which tag.
    pub tag: Tag,
}

/// `ctl auto-deploy`
#[derive(Debug, Args)]
pub(crate) struct AutoDeploy {
    /// Which watch.
    pub watch: WatchName,
    /// Whether it deploys by itself.
    pub switch: Switch,
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    /// Deploy by itself.
    On,
    /// Deploy only what is asked for.
    Off,
}

/// `ctl hold`
#[derive(Debug, Args)]
pub(crate) struct Hold {
    /// Which watch.
    pub watch: WatchName,
    /// Why, for those who wonder that nothing is deployed.
    #[arg(long, value_parser = reason)]
    pub reason: String,
}

/// What is demanded of a watch's workloads.
#[derive(Debug, Args)]
pub(crate) struct Demand {
    /// Which workload alone, as `why` prints it [default: all of the watch, in their order].
    #[arg(long)]
    pub workload: Option<String>,
    /// Although deployments are frozen; takes an admin.
    #[arg(long)]
    pub override_freeze: bool,
    /// Wait until it has ended, and tell how it goes on standard error; exits with 2 if it does not succeed.
    #[arg(long)]
    pub wait: bool,
}

/// `ctl deploy`
#[derive(Debug, Args)]
pub(crate) struct Deploy {
    /// Which watch.
    pub watch: WatchName,
    /// Which tag [default: the one that is wanted].
    pub tag: Option<Tag>,
    /// How.
    #[command(flatten)]
    pub demand: Demand,
}

/// `ctl rollback`
#[derive(Debug, Args)]
pub(crate) struct Rollback {
    /// Which watch.
    pub watch: WatchName,
    /// How.
    #[command(flatten)]
    pub demand: Demand,
}

/// `ctl abandon`
#[derive(Debug, Args)]
pub(crate) struct Abandon {
    /// Which deployment.
    pub deployment: Uuid,
    /// Why, for those who wonder what became of it.
    #[arg(long, value_parser = reason)]
    pub reason: String,
}

/// `ctl promote`
#[derive(Debug, Args)]
pub(crate) struct Promote {
    /// Which deployment.
    pub deployment: Uuid,
}

/// `ctl deployments`
#[derive(Debug, Args)]
pub(crate) struct Deployments {
    /// Of which watch alone.
    pub watch: Option<WatchName>,
    /// How many at most.
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub limit: usize,
}

/// `ctl freeze`
#[derive(Debug, Args)]
pub(crate) struct Freeze {
    /// Which watch; all if none is named.
    pub watch: Option<WatchName>,
    /// Until when.
    #[command(flatten)]
    pub end: FreezeEnd,
    /// Why, for those who wonder that nothing is deployed.
    #[arg(long, value_parser = reason)]
    pub reason: String,
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

fn reason(text: &str) -> Result<String, &'static str> {
    if text.trim().is_empty() {
        return Err("say why");
    }
    Ok(text.to_owned())
}

/// `ctl unfreeze`
#[derive(Debug, Args)]
pub(crate) struct Unfreeze {
    /// Which watch alone; what freezes all of them if none is named.
    pub watch: Option<WatchName>,
}

/// `ctl quarantine`
#[derive(Debug, Subcommand)]
pub(crate) enum Quarantine {
    /// List the images that a watch does not deploy by itself, and why.
    List(OneWatch),
    /// Let an image be deployed again.
    Release(QuarantineRelease),
}

/// `ctl quarantine release`
#[derive(Debug, Args)]
pub(crate) struct QuarantineRelease {
    /// Which watch.
    pub watch: WatchName,
    /// The deployment that failed, or the tag under which the image failed; as `quarantine list` prints them.
    #[arg(value_name = "DEPLOYMENT|TAG")]
    pub image: String,
}

/// `ctl events`
#[derive(Debug, Args)]
pub(crate) struct Events {
    /// Of which watch alone.
    pub watch: Option<WatchName>,
    /// Only those after this one.
    #[arg(long, value_name = "ID")]
    pub after: Option<u64>,
    /// Only the newest [default: 20, and none with --follow].
    #[arg(long, value_name = "N", conflicts_with = "after")]
    pub limit: Option<usize>,
    /// Go on with what happens, until interrupted.
    #[arg(long, short)]
    pub follow: bool,
}
