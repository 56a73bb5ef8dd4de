#![expect(
    clippy::needless_pass_by_value,
    reason = "a handler owns what is taken from its request"
)]

use std::sync::Arc;
use std::time::Duration;

use poem::{Response, handler};
use registrywatcher::app::NewFreeze;
use registrywatcher::watch::WatchName;

use super::ask::{Field, Question, reason};
use super::{back_to_watch, changeable, to_its_end};
use crate::edge::{Call, see_other};
use crate::fault::Fault;
use crate::frame::Page;

/// How long a freeze may be at most: a year.
const LONGEST: u64 = 366 * 24 * 60;

#[handler]
pub(crate) fn ask_of_watch(call: Call) -> Result<Page, Fault> {
    let view = changeable(&call)?;
    let title = format!("Freeze {}?", view.watch.name);
    asking(Question::of_watch(&view, "freeze", title, "Freeze"), &call).page(&call)
}

#[handler]
pub(crate) fn ask_end_of_watch(call: Call) -> Result<Page, Fault> {
    let view = changeable(&call)?;
    let title = format!("End the freeze of {}?", view.watch.name);
    Question::of_watch(&view, "unfreeze", title, "End the freeze")
        .says("What is wanted is deployed at once, if nothing else holds it.")
        .page(&call)
}

#[handler]
pub(crate) fn ask_of_all(call: Call) -> Result<Page, Fault> {
    call.visitor.ensure_administers()?;
    let question = of_all("begin", "Freeze all watches?", "Freeze all");
    asking(question, &call).page(&call)
}

#[handler]
pub(crate) fn ask_end_of_all(call: Call) -> Result<Page, Fault> {
    call.visitor.ensure_administers()?;
    of_all("end", "End the freeze of all watches?", "End the freeze")
        .says("What is wanted is deployed at once wherever nothing else holds it: that may be many deployments.")
        .page(&call)
}

fn asking(question: Question, call: &Call) -> Question {
    let given = call.query.get("minutes").unwrap_or("60").to_owned();
    question
        .says("No deployment starts until it ends, unless an admin overrides it; what rolls out now goes on.")
        .says("A freeze that holds already is replaced.")
        .field(Field::Minutes { given })
        .field(Field::Reason {
            label: "Why",
            hint: "It stands on every page as long as the freeze holds.",
        })
}

fn of_all(verb: &str, title: &str, button: &str) -> Question {
    Question {
        title: title.to_owned(),
        action: format!("/freeze/{verb}"),
        back: "/freeze".to_owned(),
        moves: Vec::new(),
        says: Vec::new(),
        warnings: Vec::new(),
        hidden: Vec::new(),
        fields: Vec::new(),
        button: button.to_owned(),
        is_dangerous: false,
    }
}

#[handler]
pub(crate) async fn freeze_watch(call: Call) -> Result<Response, Fault> {
    let view = changeable(&call)?;
    freeze(&call, Some(view.watch.name.clone())).await?;
    Ok(back_to_watch(&view, "freeze"))
}

#[handler]
pub(crate) async fn unfreeze_watch(call: Call) -> Result<Response, Fault> {
    let view = changeable(&call)?;
    unfreeze(&call, Some(view.watch.name.clone())).await?;
    Ok(back_to_watch(&view, "unfreeze"))
}

#[handler]
pub(crate) async fn freeze_all(call: Call) -> Result<Response, Fault> {
    call.visitor.ensure_administers()?;
    freeze(&call, None).await?;
    Ok(see_other("/freeze?did=freeze"))
}

#[handler]
pub(crate) async fn unfreeze_all(call: Call) -> Result<Response, Fault> {
    call.visitor.ensure_administers()?;
    unfreeze(&call, None).await?;
    Ok(see_other("/freeze?did=unfreeze"))
}

async fn freeze(call: &Call, watch: Option<WatchName>) -> Result<(), Fault> {
    let minutes: u64 = call.form.need("minutes", "for how many minutes")?;
    if !(1..=LONGEST).contains(&minutes) {
        let detail = format!("A freeze lasts from 1 to {LONGEST} minutes.");
        return Err(Fault::invalid(detail));
    }
    let new = NewFreeze {
        watch,
        until: call.site.now() + Duration::from_mins(minutes),
        reason: reason(call)?,
    };
    let (app, author) = (Arc::clone(&call.site.app), call.visitor.author.clone());
    to_its_end(async move { app.freeze(&new, &author).await }).await?;
    Ok(())
}

async fn unfreeze(call: &Call, watch: Option<WatchName>) -> Result<(), Fault> {
    let (app, author) = (Arc::clone(&call.site.app), call.visitor.author.clone());
    to_its_end(async move { app.unfreeze(watch.as_ref(), &author).await }).await
}
