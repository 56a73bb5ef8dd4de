#![expect(
    clippy::needless_pass_by_value,
    reason = "a handler owns what is taken from its request"
)]

use std::sync::Arc;

use poem::{Response, handler};

use super::ask::Question;
use super::{back_to_watch, changeable, to_its_end};
use crate::edge::Call;
use crate::fault::Fault;
use crate::frame::Page;

#[handler]
pub(crate) fn ask(call: Call) -> Result<Page, Fault> {
    let view = changeable(&call)?;
    let title = format!("Check {} now?", view.watch.name);
    Question::of_watch(&view, "check", title, "Check now")
        .says("The registry is asked at once instead of at the next poll, and what is wanted then is deployed as after any poll.")
        .page(&call)
}

#[handler]
pub(crate) async fn check(call: Call) -> Result<Response, Fault> {
    let view = changeable(&call)?;
    let (app, name) = (Arc::clone(&call.site.app), view.watch.name.clone());
    to_its_end(async move { app.check(&name).await }).await?;
    Ok(back_to_watch(&view, "check"))
}
