use std::sync::Arc;

use poem::{Response, handler};
use registrywatcher::app::{DeployNow, WatchView};
use registrywatcher::image::{Image, Tag};
use registrywatcher::token::Role;

use super::ask::Question;
use super::once::once;
use super::{back_to_watch, changeable, to_its_end, workload};
use crate::edge::Call;
use crate::fault::Fault;
use crate::frame::Page;
use crate::pages::tags;
use crate::parts::ImageChip;

#[handler]
pub(crate) async fn ask(call: Call) -> Result<Page, Fault> {
    let view = changeable(&call)?;
    let tag: Tag = call.query.need("tag", "the tag to deploy")?;
    let only = workload(&view, call.query.get("workload"))?;
    let image = tags::known_image(&call, &view, &tag).await?;
    let name = &view.watch.name;
    let title = format!("Deploy {tag} to {name}?");
    let question = Question::of_watch(&view, "deploy", title, &format!("Deploy {tag}"))
        .moves(
            &view,
            only.as_ref(),
            &ImageChip::of_tag(&tag, image.as_ref()),
        )
        .says("The registry is asked for the digest at the moment you confirm.")
        .says_if(
            runs_everywhere(&view, image.as_ref()),
            "It runs already: the workload is replaced all the same.",
        )
        .minds_freezes(&call, &view)
        .with("tag", tag.to_string());
    let question = match view.wanted.as_ref().ok().filter(|wanted| **wanted != tag) {
        Some(wanted) => question.says(format!(
            "The wanted tag is {wanted}, so the watch is then held until something newer appears."
        )),
        None => question,
    };
    let question = match &only {
        Some(only) => question.with("workload", only.to_string()),
        None => question,
    };
    question.once()?.page(&call)
}

fn runs_everywhere(view: &WatchView, image: Option<&Image>) -> bool {
    let mut workloads = view.workloads.iter();
    image.is_some_and(|image| workloads.all(|it| it.runs.is_running(image)))
}

#[handler]
pub(crate) async fn deploy(call: Call) -> Result<Response, Fault> {
    let view = changeable(&call)?;
    let tag: Tag = call.form.need("tag", "the tag to deploy")?;
    let only = workload(&view, call.form.get("workload"))?;
    let overrides_freeze = call.form.get("override").is_some();
    if overrides_freeze {
        call.visitor.ensure(Role::Admin)?;
    }
    let content = format!("deploy {tag} {only:?} {overrides_freeze}");
    let demand = DeployNow {
        tag: Some(tag),
        workload: only,
        overrides_freeze,
        once: Some(once(&call, &view, &content)?),
    };
    let (app, name) = (Arc::clone(&call.site.app), view.watch.name.clone());
    let author = call.visitor.author.clone();
    to_its_end(async move { app.deploy_now(&name, &demand, &author).await }).await?;
    Ok(back_to_watch(&view, "deploy"))
}
