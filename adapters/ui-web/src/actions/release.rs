#![expect(
    clippy::needless_pass_by_value,
    reason = "a handler owns what is taken from its request"
)]

use std::sync::Arc;

use poem::{Response, handler};
use registrywatcher::app::CommandError;
use registrywatcher::deployment::{DeploymentId, Quarantined};

use super::ask::Question;
use super::{back_to_watch, changeable, to_its_end};
use crate::edge::Call;
use crate::fault::Fault;
use crate::frame::Page;

#[handler]
pub(crate) fn ask(call: Call) -> Result<Page, Fault> {
    let view = changeable(&call)?;
    let id: DeploymentId = call
        .query
        .need("deployment", "the deployment that failed")?;
    let quarantine = call.site.app.quarantine(&view.watch.name);
    let is_it = |entry: &&Quarantined| entry.deployment == id;
    let entry = quarantine.iter().flatten().find(is_it);
    let entry = entry.ok_or_else(|| Fault::invalid("This image is not in quarantine any more."))?;
    let tag = &entry.candidate.tag;
    let title = format!("Release {tag} from quarantine?");
    Question::of_watch(&view, "release", title, "Release")
        .says(format!("It failed before: {}", entry.reason))
        .says("It may be deployed by itself again, wherever it failed, and is at once if it is wanted and nothing else holds it.")
        .with("deployment", id.to_string())
        .page(&call)
}

#[handler]
pub(crate) async fn release(call: Call) -> Result<Response, Fault> {
    let view = changeable(&call)?;
    let id: DeploymentId = call.form.need("deployment", "the deployment that failed")?;
    let (app, name) = (Arc::clone(&call.site.app), view.watch.name.clone());
    let author = call.visitor.author.clone();
    let released = to_its_end(async move {
        match app.release_from_quarantine(&name, id, &author).await {
            // It was released already.
            Ok(_) | Err(CommandError::NotQuarantined { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    });
    released.await?;
    Ok(back_to_watch(&view, "release"))
}
