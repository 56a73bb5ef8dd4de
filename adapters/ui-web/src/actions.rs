//! What people do. Each is an address that shows what will happen and asks, and does it when its form is sent.

mod ask;
mod check;
mod deploy;
mod deployments;
mod freeze;
mod intent;
mod once;
mod release;
mod roll_back;

use poem::{Response, Route, get};
use registrywatcher::app::WatchView;
use registrywatcher::token::Role;
use registrywatcher::watch::Workload;
use tracing::Instrument as _;

use crate::edge::{Call, see_other};
use crate::fault::Fault;

/// Adds every action to the pages.
pub(crate) fn add_to(route: Route) -> Route {
    use deployments::{abandon, ask_abandon, ask_promote, promote};
    use intent::{ask, carry_out};
    let of_watch = |verb: &str| format!("/watches/:subject/{verb}");
    let route = intent::VERBS.into_iter().fold(route, |route, verb| {
        route.at(of_watch(verb), get(ask).post(carry_out))
    });
    route
        .at(of_watch("deploy"), get(deploy::ask).post(deploy::deploy))
        .at(
            of_watch("roll-back"),
            get(roll_back::ask).post(roll_back::roll_back),
        )
        .at(
            of_watch("release"),
            get(release::ask).post(release::release),
        )
        .at(of_watch("check"), get(check::ask).post(check::check))
        .at(
            of_watch("freeze"),
            get(freeze::ask_of_watch).post(freeze::freeze_watch),
        )
        .at(
            of_watch("unfreeze"),
            get(freeze::ask_end_of_watch).post(freeze::unfreeze_watch),
        )
        .at(
            "/freeze/begin",
            get(freeze::ask_of_all).post(freeze::freeze_all),
        )
        .at(
            "/freeze/end",
            get(freeze::ask_end_of_all).post(freeze::unfreeze_all),
        )
        .at(
            "/deployments/:subject/promote",
            get(ask_promote).post(promote),
        )
        .at(
            "/deployments/:subject/abandon",
            get(ask_abandon).post(abandon),
        )
}

/// The watch of the path, for somebody who may change it.
fn changeable(call: &Call) -> Result<WatchView, Fault> {
    let view = call.watch()?;
    call.visitor.ensure(Role::Deployer)?;
    Ok(view)
}

/// The workload of `view` that a form names, if it names one.
fn workload(view: &WatchView, text: Option<&str>) -> Result<Option<Workload>, Fault> {
    let Some(text) = text else { return Ok(None) };
    let mut workloads = view.watch.workloads.iter();
    let named = workloads.find(|workload| workload.to_string() == text);
    let unknown = || Fault::invalid(format!("{} has no workload {text}.", view.watch.name));
    named.cloned().map(Some).ok_or_else(unknown)
}

/// Leads back to the watch, which tells what was done.
fn back_to_watch(view: &WatchView, did: &str) -> Response {
    see_other(&format!("/watches/{}?did={did}", view.watch.name))
}

/// Runs a command to its end, even if the browser hangs up: half of one would be stored, and the other half left to the next
/// poll.
async fn to_its_end<T, E>(
    command: impl Future<Output = Result<T, E>> + Send + 'static,
) -> Result<T, Fault>
where
    T: Send + 'static,
    E: Into<Fault> + Send + 'static,
{
    match tokio::spawn(command.in_current_span()).await {
        Ok(outcome) => outcome.map_err(Into::into),
        Err(_) => Err(Fault::broken_off()),
    }
}
