use std::sync::Arc;

use poem::{Response, handler};
use registrywatcher::app::RollBack;
use registrywatcher::token::Role;

use super::ask::Question;
use super::once::{once, was_asked};
use super::{back_to_watch, changeable, to_its_end, workload};
use crate::edge::Call;
use crate::fault::Fault;
use crate::frame::Page;
use crate::parts::ImageChip;

#[handler]
pub(crate) async fn ask(call: Call) -> Result<Page, Fault> {
    let view = changeable(&call)?;
    let only = workload(&view, call.query.get("workload"))?;
    let name = &view.watch.name;
    let target = call.site.app.rollback_target(name, only.as_ref()).await?;
    let target = target.ok_or_else(|| {
        Fault::invalid("No other image has been deployed well, so there is nothing to go back to.")
    })?;
    let title = format!("Roll {name} back to {}?", target.tag);
    let question = Question::of_watch(&view, "roll-back", title, "Roll back")
        .moves(&view, only.as_ref(), &ImageChip::of_candidate(&target))
        .says("It is the image that ran well before; the registry is not asked.")
        .says("The watch is then held until something newer than what is wanted now appears.")
        .minds_freezes(&call, &view)
        .with("digest", target.image.digest.to_string());
    let question = match &only {
        Some(only) => question.with("workload", only.to_string()),
        None => question,
    };
    question.once()?.page(&call)
}

#[handler]
pub(crate) async fn roll_back(call: Call) -> Result<Response, Fault> {
    let view = changeable(&call)?;
    let only = workload(&view, call.form.get("workload"))?;
    let overrides_freeze = call.form.get("override").is_some();
    if overrides_freeze {
        call.visitor.ensure(Role::Admin)?;
    }
    let digest = call.form.get("digest").unwrap_or_default().to_owned();
    let content = format!("roll back {digest} {only:?} {overrides_freeze}");
    let once = once(&call, &view, &content)?;
    let (app, name) = (Arc::clone(&call.site.app), view.watch.name.clone());
    if !was_asked(&call, &view, once).await? {
        // Another deployment since would make it go back to something else than what was confirmed.
        let target = app.rollback_target(&name, only.as_ref()).await?;
        if target.is_none_or(|target| target.image.digest.as_str() != digest) {
            return Err(Fault::stale());
        }
    }
    let demand = RollBack {
        workload: only,
        overrides_freeze,
        once: Some(once),
    };
    let author = call.visitor.author.clone();
    to_its_end(async move { app.roll_back(&name, &demand, &author).await }).await?;
    Ok(back_to_watch(&view, "roll-back"))
}
