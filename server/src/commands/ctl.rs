//! `ctl`: a running service, over its API.

mod demand;
mod deployments;
mod events;
mod fault;
mod freeze;
mod intent;
mod patience;
mod quarantine;
mod service;
mod show;
mod sse;
mod standing;
mod tags;
mod watches;
mod why;

use std::process::ExitCode;

use crate::cli::ctl::{Ctl, Quarantine, Switch, Verb};
use crate::config::Environment;
use fault::Fault;
use service::Service;
use show::Output;

/// The exit code when a deployment was waited for and did not succeed.
const EXIT_UNSUCCESSFUL: u8 = 2;

/// What came of a verb that the service did not refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Done,
    /// What was waited for has ended otherwise than wished.
    Unsuccessful,
}

/// Does what the verb says, and tells on standard error why not.
pub(crate) async fn run(args: &Ctl, environment: &Environment) -> ExitCode {
    let output = Output::new(args.remote.json);
    let service = Service::of(&args.remote, output, environment)
        .map_err(|error| Fault::Usage(format!("{error:#}")));
    let outcome = match service {
        Ok(service) => verb(&service, &args.verb).await,
        Err(fault) => Err(fault),
    };
    match outcome {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Unsuccessful) => ExitCode::from(EXIT_UNSUCCESSFUL),
        Err(fault) => fault.tell(output),
    }
}

async fn verb(service: &Service, verb: &Verb) -> Result<Outcome, Fault> {
    match verb {
        Verb::Deploy(args) => return demand::deploy(service, args).await,
        Verb::Rollback(args) => return demand::roll_back(service, args).await,
        Verb::Watches(args) => watches::list(service, args).await,
        Verb::Why(args) => why::explain(service, &args.watch).await,
        Verb::Pin(args) => intent::pin(service, args).await,
        Verb::Track(args) => intent::track(service, &args.watch).await,
        Verb::AutoDeploy(args) => {
            intent::auto_deploy(service, &args.watch, args.switch == Switch::On).await
        }
        Verb::Hold(args) => intent::hold(service, args).await,
        Verb::Release(args) => intent::release(service, &args.watch).await,
        Verb::Abandon(args) => deployments::abandon(service, args).await,
        Verb::Promote(args) => deployments::promote(service, args.deployment).await,
        Verb::Deployments(args) => deployments::list(service, args).await,
        Verb::Freeze(args) => freeze::freeze(service, args).await,
        Verb::Unfreeze(args) => freeze::unfreeze(service, args).await,
        Verb::Quarantine(Quarantine::List(args)) => quarantine::list(service, &args.watch).await,
        Verb::Quarantine(Quarantine::Release(args)) => quarantine::release(service, args).await,
        Verb::Check(args) => watches::check(service, &args.watch).await,
        Verb::Tags(args) => tags::list(service, &args.watch).await,
        Verb::Registries => standing::registries(service).await,
        Verb::Whoami => standing::whoami(service).await,
        Verb::Events(args) => events::run(service, args).await,
    }?;
    Ok(Outcome::Done)
}
