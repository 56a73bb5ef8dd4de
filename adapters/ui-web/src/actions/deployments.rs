use std::sync::Arc;

use poem::{Response, handler};
use registrywatcher::app::CommandError;
use registrywatcher::deployment::{Deployment, State};
use registrywatcher::token::Role;

use super::ask::{Field, Move, Question, reason};
use super::to_its_end;
use crate::edge::{Call, see_other};
use crate::fault::Fault;
use crate::frame::Page;
use crate::pages::deployment;
use crate::parts::ImageChip;

/// The deployment of the path, for somebody who may change it.
async fn changeable(call: &Call) -> Result<Deployment, Fault> {
    let found = deployment::seen(call).await?;
    call.visitor.ensure(Role::Deployer)?;
    Ok(found)
}

fn about(of: &Deployment, verb: &str, title: String, button: &str) -> Question {
    let previous = of.previous.as_ref();
    let from = ImageChip::new(
        previous.and_then(|previous| previous.tag.as_ref()),
        previous.and_then(|previous| previous.digest.as_ref()),
    );
    Question {
        title,
        action: format!("/deployments/{}/{verb}", of.id),
        back: format!("/deployments/{}", of.id),
        moves: vec![Move {
            workload: of.workload.to_string(),
            from,
            to: ImageChip::of_candidate(&of.candidate),
        }],
        says: Vec::new(),
        warnings: Vec::new(),
        hidden: Vec::new(),
        fields: Vec::new(),
        button: button.to_owned(),
        is_dangerous: false,
    }
}

#[handler]
pub(crate) async fn ask_promote(call: Call) -> Result<Page, Fault> {
    let of = changeable(&call).await?;
    if !matches!(of.state, State::AwaitingPromotion { .. }) {
        return Err(CommandError::NotAwaitingPromotion { deployment: of.id }.into());
    }
    let title = format!("Promote the canaries of {} on {}?", of.tag(), of.watch);
    about(&of, "promote", title, "Promote")
        .says("They are healthy; the rest of the workload is brought to the image as well.")
        .page(&call)
}

#[handler]
pub(crate) async fn ask_abandon(call: Call) -> Result<Page, Fault> {
    let of = changeable(&call).await?;
    if of.state.is_terminal() {
        return Err(CommandError::Ended { deployment: of.id }.into());
    }
    let title = format!("Give up the deployment of {} to {}?", of.tag(), of.watch);
    let question = about(&of, "abandon", title, "Give it up")
        .says("It ends without an outcome. What the orchestrator does of it is left alone.")
        .says("The watch is then held until something newer appears.")
        .field(Field::Reason {
            label: "Why",
            hint: "It is told in the history.",
        });
    let is_dangerous = true;
    Question {
        is_dangerous,
        ..question
    }
    .page(&call)
}

#[handler]
pub(crate) async fn promote(call: Call) -> Result<Response, Fault> {
    let of = changeable(&call).await?;
    let (app, author) = (Arc::clone(&call.site.app), call.visitor.author.clone());
    let id = of.id;
    to_its_end(async move { app.promote(id, &author).await }).await?;
    Ok(back(&of, "promote"))
}

#[handler]
pub(crate) async fn abandon(call: Call) -> Result<Response, Fault> {
    let of = changeable(&call).await?;
    let reason = reason(&call)?;
    if matches!(&of.state, State::Abandoned { reason: given, .. } if *given == reason) {
        // The same form was sent twice.
        return Ok(back(&of, "abandon"));
    }
    let (app, author) = (Arc::clone(&call.site.app), call.visitor.author.clone());
    let id = of.id;
    to_its_end(async move { app.abandon(id, &reason, &author).await }).await?;
    Ok(back(&of, "abandon"))
}

fn back(of: &Deployment, did: &str) -> Response {
    see_other(&format!("/deployments/{}?did={did}", of.id))
}
