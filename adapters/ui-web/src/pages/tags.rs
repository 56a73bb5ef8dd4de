use std::collections::BTreeMap;

use askama::Template;
use poem::handler;
use registrywatcher::app::{TagView, WatchView};
use registrywatcher::deployment::Quarantined;
use registrywatcher::image::{Image, Tag, same_image};
use url::form_urlencoded;

use crate::edge::Call;
use crate::fault::Fault;
use crate::frame::{Frame, Here, Page};
use crate::moment::When;
use crate::parts::{Badge, Look};

/// How many tags stand on a page of their own.
const PAGE: u32 = 100;

/// How many tags are looked through to find what is known of some.
const MOST: u32 = 2000;

/// How many candidates stand on the page of a watch.
const CANDIDATES: usize = 12;

#[derive(Template)]
#[template(path = "tags.html")]
struct Listing {
    frame: Frame,
    name: String,
    policy: String,
    tags: Vec<Row>,
    may_deploy: bool,
    first: Option<String>,
    next: Option<String>,
}

/// One tag.
pub(crate) struct Row {
    pub(crate) tag: Tag,
    pub(crate) version: Option<String>,
    pub(crate) image: Option<Image>,
    pub(crate) first_seen: Option<When>,
    /// Whether it is a candidate.
    pub(crate) badge: Badge,
    /// Why it is not.
    pub(crate) why: Option<String>,
    pub(crate) runs: bool,
}

/// The tags of one watch, all of them, in byte order.
#[handler]
pub(crate) async fn show(call: Call) -> Result<Page, Fault> {
    let view = call.watch()?;
    let name = &view.watch.name;
    let after = call.query.get("after");
    let tag = after.map(str::parse::<Tag>).transpose();
    let tag = tag.map_err(|error| Fault::invalid(crate::fault::sentence(&error.to_string())))?;
    let found = call.site.app.tags(name, tag.as_ref(), PAGE + 1).await?;
    let mut found = found.unwrap_or_default();
    let is_last = found.len() <= PAGE as usize;
    found.truncate(PAGE as usize);
    let next = found.last().filter(|_| !is_last);
    let next = next.map(|last| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("after", last.tag.as_str());
        format!("/watches/{name}/tags?{}", query.finish())
    });
    let rows = found
        .into_iter()
        .map(|known| row(&call, &view, known.tag.clone(), Some(&known)));
    let page = Listing {
        frame: call.frame(Here::Watches, format!("Tags of {name}")),
        name: name.to_string(),
        policy: view.watch.policy.to_string(),
        tags: rows.collect(),
        may_deploy: call.visitor.may_deploy(),
        first: after.map(|_| format!("/watches/{name}/tags")),
        next,
    };
    Page::of(&page)
}

/// The candidates of a watch, the wanted one first, and then what runs if that is none.
pub(super) async fn candidates(call: &Call, view: &WatchView) -> Result<Vec<Row>, Fault> {
    let name = &view.watch.name;
    let explained = call.site.app.explain(name, CANDIDATES);
    let mut tags = explained.map(|known| known.candidates).unwrap_or_default();
    let running = view.workloads.iter().filter_map(|it| it.runs.tag());
    for tag in view.intent.target.pinned().into_iter().chain(running) {
        if !tags.contains(tag) {
            tags.push(tag.clone());
        }
    }
    let known = all(call, view).await?;
    let rows = tags.into_iter().map(|tag| {
        let known = known.get(&tag);
        row(call, view, tag, known)
    });
    Ok(rows.collect())
}

/// What a tag was last seen to point to, by what is known of this watch.
pub(crate) async fn known_image(
    call: &Call,
    view: &WatchView,
    tag: &Tag,
) -> Result<Option<Image>, Fault> {
    if view.wanted.as_ref().ok() == Some(tag) && view.wanted_image.is_some() {
        return Ok(view.wanted_image.clone());
    }
    let mut known = all(call, view).await?;
    Ok(known.remove(tag).and_then(|known| known.image))
}

async fn all(call: &Call, view: &WatchView) -> Result<BTreeMap<Tag, TagView>, Fault> {
    let known = call.site.app.tags(&view.watch.name, None, MOST).await?;
    let known = known.into_iter().flatten();
    Ok(known.map(|known| (known.tag.clone(), known)).collect())
}

fn row(call: &Call, view: &WatchView, tag: Tag, known: Option<&TagView>) -> Row {
    let policy = &view.watch.policy;
    let is_wanted = view.wanted.as_ref().ok() == Some(&tag);
    let seen = known.and_then(|known| known.image.clone());
    let image = seen.or_else(|| view.wanted_image.clone().filter(|_| is_wanted));
    let failed = quarantined(call, view, image.as_ref());
    let (badge, why) = match (policy.admit(&tag), failed) {
        (_, Some(failed)) => (
            Badge::new(Look::Bad, "in quarantine"),
            Some(format!("failed before: {}", failed.reason)),
        ),
        (_, None) if is_wanted => (Badge::new(Look::Good, "wanted"), None),
        (Ok(()), None) => (Badge::new(Look::Quiet, "candidate"), None),
        (Err(rejection), None) => (
            Badge::new(Look::Held, "not a candidate"),
            Some(rejection.to_string()),
        ),
    };
    let runs = |image: &Image| view.workloads.iter().any(|it| it.runs.is_running(image));
    let now = call.site.now();
    Row {
        version: policy.version_of(&tag).map(|version| version.to_string()),
        first_seen: known.map(|known| When {
            at: known.first_seen,
            now,
        }),
        runs: image.as_ref().is_some_and(runs),
        badge,
        why,
        image,
        tag,
    }
}

fn quarantined(call: &Call, view: &WatchView, image: Option<&Image>) -> Option<Quarantined> {
    let image = image?;
    let entries = call.site.app.quarantine(&view.watch.name)?;
    let is_it = |entry: &Quarantined| same_image(&entry.candidate.image, image, None);
    entries.into_iter().find(is_it)
}
