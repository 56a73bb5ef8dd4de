use registrywatcher::ports::Clock;
use registrywatcher_client::types::builder;

use super::fault::Fault;
use super::service::Service;
use super::show::{moment, plain};
use crate::cli::ctl::{Freeze, Unfreeze};
use crate::clock::SystemClock;

/// Freezes one watch or all, and tells until when.
pub(super) async fn freeze(service: &Service, args: &Freeze) -> Result<(), Fault> {
    let lasting = args.end.lasting.unwrap_or_default();
    let until = match args.end.until {
        Some(until) => until,
        None => SystemClock::start().now() + lasting,
    };
    let demand = |body: builder::FreezeDemand| body.until(until).reason(args.reason.as_str());
    let client = &service.client;
    let frozen = match &args.watch {
        Some(watch) => {
            let request = client.set_freeze_of_watch().watch(watch.as_str());
            request.body_map(demand).send().await
        }
        None => client.set_freeze().body_map(demand).send().await,
    };
    service.output.answer(&frozen?.into_inner(), |frozen| {
        let what = match &args.watch {
            Some(watch) => format!("{watch} is frozen"),
            None => "all watches are frozen".to_owned(),
        };
        let until = moment(frozen.until);
        format!("{what} until {until}: {}", plain(&frozen.reason))
    })
}

/// Ends the freeze of one watch, or that of all.
pub(super) async fn unfreeze(service: &Service, args: &Unfreeze) -> Result<(), Fault> {
    let client = &service.client;
    if let Some(watch) = &args.watch {
        let request = client.end_freeze_of_watch().watch(watch.as_str());
        request.send().await?;
        let told = format!("{watch} has no freeze of its own any more");
        return service.output.done(&told);
    }
    client.end_freeze().send().await?;
    service
        .output
        .done("no freeze of all watches holds any more")
}
