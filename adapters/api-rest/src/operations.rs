//! The operations, one file each: what it takes, what it answers, and one call of the core.

#![expect(
    clippy::unused_async,
    reason = "to the framework every operation is asynchronous, whether it waits or not"
)]
#![expect(
    clippy::too_many_arguments,
    reason = "to the framework every parameter of an operation is an argument of its own"
)]

mod dead_letters;
mod deployments;
mod events;
mod freezes;
mod go;
mod instance;
mod once;
mod probes;
mod quarantine;
mod registries;
mod waiting;
mod watches;

use std::future::Future;
use std::sync::Arc;

use poem::http::HeaderMap;
use poem::web::Data;
use poem_openapi::Tags;
use poem_openapi::param::Header;
use registrywatcher::app::{App, WatchView};
use registrywatcher::watch::WatchName;
use tracing::Instrument;

use crate::problem::{Fault, Kind};

pub(crate) use events::Streams;

/// The application that the request is served with.
type Served<'a> = Data<&'a Arc<App>>;

/// The groups of operations in the document.
#[derive(Tags)]
enum Group {
    /// What is watched, what runs, what is wanted, and why nothing is deployed.
    Watches,
    /// The attempts to bring a workload to an image.
    Deployments,
    /// The images that a watch does not deploy by itself, because they failed.
    Quarantine,
    /// Stops of deployments for a while, of one watch or of all.
    Freezes,
    /// What happened, append-only.
    Events,
    /// The events that sinks could not be told.
    DeadLetters,
    /// The registries, and whether they answer.
    Registries,
    /// Who calls, and which process answers.
    Instance,
    /// Whether the service is well.
    Probes,
    /// The routes of the Go service that this one replaces: unversioned, kept as they were.
    Go,
}

/// All operations; those of one group stand together.
pub(crate) type Operations = (
    watches::Operations,
    deployments::Operations,
    quarantine::Operations,
    freezes::Operations,
    events::Operations,
    dead_letters::Operations,
    registries::Operations,
    instance::Operations,
    probes::Operations,
    go::Operations,
);

/// All operations.
pub(crate) fn all() -> Operations {
    (
        watches::all(),
        deployments::all(),
        quarantine::all(),
        freezes::all(),
        events::all(),
        dead_letters::all(),
        registries::all(),
        instance::all(),
        probes::all(),
        go::all(),
    )
}

/// All that is known of the watch of this name.
fn view(app: &App, name: &str) -> Result<WatchView, Fault> {
    let known = watch_name(name).ok().and_then(|name| app.watch(&name));
    known.ok_or_else(|| Fault::unknown_watch(name))
}

/// A text that is no name names no watch.
fn watch_name(name: &str) -> Result<WatchName, Fault> {
    name.parse().map_err(|_| Fault::unknown_watch(name))
}

/// The value of a header as the framework read it, which passes over one that is no text, and over all but the first: what a
/// condition or a key says must not be lost.
fn sole_header<'a>(
    headers: &HeaderMap,
    name: &str,
    read: &'a Header<Option<String>>,
) -> Result<Option<&'a str>, Fault> {
    if headers.get_all(name).iter().count() > read.iter().count() {
        return Err(Fault::invalid(name, "give it once, and in ASCII"));
    }
    Ok(read.as_deref())
}

/// Runs a command to its end, even if the client hangs up or the request takes too long: half of one would be stored, and
/// the other half left to the next poll.
async fn to_its_end<T, E>(
    command: impl Future<Output = Result<T, E>> + Send + 'static,
) -> Result<T, Fault>
where
    T: Send + 'static,
    E: Into<Fault> + Send + 'static,
{
    match tokio::spawn(command.in_current_span()).await {
        Ok(outcome) => outcome.map_err(Into::into),
        Err(_) => Err(Fault::new(
            Kind::Internal,
            "the command broke off; the log says more under this request's id",
        )),
    }
}
