use registrywatcher::watch::WatchName;
use registrywatcher_client::types::{IntentChangeHoldReason, IntentChangeTag, Target, builder};

use super::fault::{Fault, value};
use super::service::Service;
use super::watches;
use crate::cli::ctl::{Hold, Pin};

/// Pins a watch to a tag.
pub(super) async fn pin(service: &Service, args: &Pin) -> Result<(), Fault> {
    let tag: IntentChangeTag = value("TAG", args.tag.as_str())?;
    change(service, &args.watch, |intent| {
        intent.target(Target::Pin).tag(tag)
    })
    .await
}

/// Has a watch follow its policy again.
pub(super) async fn track(service: &Service, watch: &WatchName) -> Result<(), Fault> {
    change(service, watch, |intent| intent.target(Target::Track)).await
}

/// Switches auto-deploy.
pub(super) async fn auto_deploy(
    service: &Service,
    watch: &WatchName,
    on: bool,
) -> Result<(), Fault> {
    change(service, watch, |intent| intent.auto_deploy(on)).await
}

/// Holds a watch.
pub(super) async fn hold(service: &Service, args: &Hold) -> Result<(), Fault> {
    let reason: IntentChangeHoldReason = value("--reason", &args.reason)?;
    change(service, &args.watch, |intent| {
        intent.hold(true).hold_reason(reason)
    })
    .await
}

/// Ends the hold of a watch.
pub(super) async fn release(service: &Service, watch: &WatchName) -> Result<(), Fault> {
    change(service, watch, |intent| intent.hold(false)).await
}

async fn change(
    service: &Service,
    watch: &WatchName,
    change: impl FnOnce(builder::IntentChange) -> builder::IntentChange,
) -> Result<(), Fault> {
    let request = service.client.change_intent().watch(watch.as_str());
    let changed = request.body_map(change).send().await?.into_inner();
    service.output.answer(&changed, |changed| {
        let tag = changed.tag.as_deref();
        let is_held = changed.hold.is_some();
        let intent = watches::wish(changed.target, tag, changed.auto_deploy, is_held);
        let request = changed.request;
        let request = request.map_or_else(String::new, |id| format!(", by request {id}"));
        format!("{watch}: {intent}{request}")
    })
}
