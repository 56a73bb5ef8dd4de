use std::sync::Arc;

use poem::{Request, Response, handler};
use registrywatcher::app::{CommandError, HoldChange, IntentChange, WatchView};
use registrywatcher::image::Tag;
use registrywatcher::intent::{Intent, Target};

use super::ask::{Field, Question, reason, revision};
use super::{back_to_watch, changeable, to_its_end};
use crate::edge::Call;
use crate::fault::Fault;
use crate::frame::Page;
use crate::pages::tags;
use crate::parts::ImageChip;

/// What changes the intent, as the last part of the address.
pub(super) const VERBS: [&str; 6] = ["pin", "track", "auto-on", "auto-off", "hold", "let-go"];

#[handler]
pub(crate) async fn ask(call: Call, request: &Request) -> Result<Page, Fault> {
    let view = changeable(&call)?;
    let question = match verb(request) {
        "pin" => ask_pin(&call, &view).await?,
        "track" => ask_track(&call, &view),
        "auto-on" => ask_auto_on(&view),
        "auto-off" => about(&view, "auto-off", "Turn auto-deploy off for", "Turn off").says(
            "Nothing is deployed any more without being asked for. What rolls out now goes on.",
        ),
        "hold" => ask_hold(&view),
        _ => about(&view, "let-go", "End the hold of", "End the hold")
            .says("What is wanted is deployed at once, if nothing else holds it."),
    };
    question.page(&call)
}

fn about(view: &WatchView, verb: &str, what: &str, button: &str) -> Question {
    let title = format!("{what} {}?", view.watch.name);
    Question::of_watch(view, verb, title, button)
}

async fn ask_pin(call: &Call, view: &WatchView) -> Result<Question, Fault> {
    let tag: Tag = call.query.need("tag", "the tag to pin to")?;
    let image = tags::known_image(call, view, &tag).await?;
    let title = format!("Pin {} to {tag}?", view.watch.name);
    let question = Question::of_watch(view, "pin", title, &format!("Pin to {tag}"))
        .moves(view, None, &ImageChip::of_tag(&tag, image.as_ref()))
        .says(format!("{tag} is deployed now, whatever runs."))
        .says("The watch then stays on this tag, and follows it when it is pushed again, until it tracks.")
        .minds_freezes(call, view)
        .with("tag", tag.to_string());
    // A pin is refused while deployments are frozen, whoever asks.
    let fields = Vec::new();
    Ok(Question { fields, ..question })
}

fn ask_track(call: &Call, view: &WatchView) -> Question {
    let name = &view.watch.name;
    let picked = call.site.app.explain(name, 0);
    let picked = picked.and_then(|known| known.selection?.wanted);
    let question = about(view, "track", "Let the policy pick the tag of", "Track");
    let question = match &picked {
        Some(tag) => question.says(format!(
            "Its policy, {}, picks {tag} from the tags that were last listed.",
            view.watch.policy
        )),
        None => question.says("Its policy picks none of the tags that were last listed."),
    };
    question
        .says_if(view.intent.hold.is_some(), "The hold ends with it.")
        .says(if view.intent.auto_deploy {
            "What it picks is deployed at once, if nothing else holds it."
        } else {
            "Auto-deploy stays off, so nothing is deployed for now."
        })
}

fn ask_auto_on(view: &WatchView) -> Question {
    let question = about(view, "auto-on", "Turn auto-deploy on for", "Turn on");
    match &view.wanted {
        Ok(tag) => question
            .moves(view, None, &ImageChip::of_tag(tag, view.wanted_image.as_ref()))
            .says(format!("{tag}, which is wanted, is deployed at once, unless it runs already or something else holds it.")),
        Err(_) => question.says("Nothing is wanted at the moment, so nothing is deployed for now."),
    }
}

fn ask_hold(view: &WatchView) -> Question {
    let question = about(view, "hold", "Hold", "Hold");
    let past = match &view.wanted {
        Ok(tag) => format!("newer than {tag}"),
        Err(_) => "that is wanted".to_owned(),
    };
    question
        .says(format!(
            "Nothing is deployed by itself until something {past} appears."
        ))
        .field(Field::Reason {
            label: "Why",
            hint: "For those who wonder that nothing is deployed.",
        })
}

#[handler]
pub(crate) async fn carry_out(call: Call, request: &Request) -> Result<Response, Fault> {
    let view = changeable(&call)?;
    let verb = verb(request);
    let change = IntentChange {
        expected: Some(revision(&call)?),
        ..wanted_change(&call, verb)?
    };
    let (app, name) = (Arc::clone(&call.site.app), view.watch.name.clone());
    let author = call.visitor.author.clone();
    let changed = to_its_end(async move {
        match app.change_intent(&name, &change, &author).await {
            // The same form was sent twice: it is as it was to be.
            Err(CommandError::Stale { .. })
                if app
                    .watch(&name)
                    .is_some_and(|now| is_done(&now.intent, &change)) =>
            {
                Ok(())
            }
            outcome => outcome.map(|_| ()),
        }
    });
    changed.await?;
    Ok(back_to_watch(&view, verb))
}

fn wanted_change(call: &Call, verb: &str) -> Result<IntentChange, Fault> {
    let change = IntentChange::default();
    Ok(match verb {
        "pin" => {
            let tag = call.form.need("tag", "the tag to pin to")?;
            let target = Some(Target::Pin(tag));
            IntentChange { target, ..change }
        }
        "track" => {
            let target = Some(Target::Track);
            IntentChange { target, ..change }
        }
        "auto-on" | "auto-off" => {
            let auto_deploy = Some(verb == "auto-on");
            IntentChange {
                auto_deploy,
                ..change
            }
        }
        "hold" => {
            let reason = reason(call)?;
            let hold = Some(HoldChange::Hold { reason });
            IntentChange { hold, ..change }
        }
        _ => {
            let hold = Some(HoldChange::Release);
            IntentChange { hold, ..change }
        }
    })
}

/// Whether the intent is as `change` wants it.
fn is_done(intent: &Intent, change: &IntentChange) -> bool {
    let target = change.target.as_ref();
    let holds = match (&change.hold, &intent.hold) {
        (Some(HoldChange::Hold { reason }), Some(hold)) => hold.reason == *reason,
        (Some(HoldChange::Hold { .. }), None) => false,
        (Some(HoldChange::Release), hold) => hold.is_none(),
        (None, _) => true,
    };
    // Exactly one change since: more of them, and somebody else was there as well.
    let only_this = change.expected.map(|revision| revision + 1) == Some(intent.revision);
    only_this
        && holds
        && target.is_none_or(|target| *target == intent.target)
        && change.auto_deploy.is_none_or(|on| on == intent.auto_deploy)
}

fn verb(request: &Request) -> &str {
    let path = request.uri().path().trim_end_matches('/');
    path.rsplit('/').next().unwrap_or_default()
}
