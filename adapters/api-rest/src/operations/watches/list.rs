use poem_openapi::param::Query;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};
use registrywatcher::app::{WatchQuery, WatchView};
use registrywatcher::watch::WatchName;

use crate::operations::{Group, Served};
use crate::permitted::{Across, Permitted, Viewing};
use crate::problem::{Failure, Kind, Problems};
use crate::wire::{Filling, Limit, Text, Watch, WatchStatus, default_limit};

/// A page of watches.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
struct WatchList {
    /// The watches, by name.
    items: Vec<Watch>,
    /// What to give as `after` to get the next page; left out on the last one.
    next: Option<String>,
}

#[derive(ApiResponse)]
enum Answer {
    /// A page of watches.
    #[oai(status = 200)]
    Listed(Json<WatchList>),
}

struct Refusals;

impl Problems for Refusals {
    const KINDS: &[Kind] = &[Kind::Invalid];
}

pub(crate) struct ListWatches;

#[OpenApi(prefix_path = "/api/v1", tag = "Group::Watches")]
impl ListWatches {
    /// List watches
    ///
    /// All that is known of each watch, by name, but its tags and how much is in its quarantine.
    #[oai(path = "/watches", method = "get", operation_id = "listWatches")]
    async fn list_watches(
        &self,
        caller: Permitted<Across<Viewing>>,
        app: Served<'_>,
        /// Only those whose name or repository has this in it, whatever the case.
        search: Query<Option<String>>,
        /// Only those that are like this.
        status: Query<Option<WatchStatus>>,
        /// Only those after this one, by name.
        after: Query<Option<Text<WatchName>>>,
        /// How many items the page has at most.
        #[oai(
            default = "default_limit",
            validator(minimum(value = "1"), maximum(value = "200"))
        )]
        limit: Query<u32>,
    ) -> Result<Answer, Failure<Refusals>> {
        let limit = Limit(limit.0);
        let query = WatchQuery {
            search: search.0,
            status: status.0.map(Into::into),
            after: after.0.map(|Text(name)| name),
            limit: limit.to_read() as usize,
        };
        let mut page = Filling::new(limit);
        while page.wants_more() {
            let query = WatchQuery {
                after: page.last().or(query.after.clone()),
                ..query.clone()
            };
            let is_seen = |view: &WatchView| caller.sees(&view.watch.name);
            page.add(app.find_watches(&query), is_seen, |view| {
                view.watch.name.clone()
            });
        }
        let (views, next) = page.page(|view| view.watch.name.clone());
        let next = next.map(|name| name.to_string());
        let freeze_of_all = app.frozen();
        let items = views.into_iter();
        let items = items.map(|view| Watch::new(view, freeze_of_all.as_ref()));
        let items = items.collect();
        Ok(Answer::Listed(Json(WatchList { items, next })))
    }
}
