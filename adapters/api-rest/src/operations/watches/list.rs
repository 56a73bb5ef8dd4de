use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};

use crate::operations::{Group, Served};
use crate::permitted::{Across, Permitted, Viewing};
use crate::wire::Watch;

/// All watches.
#[derive(Debug, Object)]
struct WatchList {
    /// The watches, by name.
    items: Vec<Watch>,
}

#[derive(ApiResponse)]
enum Answer {
    /// All watches.
    #[oai(status = 200)]
    Listed(Json<WatchList>),
}

pub(crate) struct ListWatches;

#[OpenApi(prefix_path = "/api/v1", tag = "Group::Watches")]
impl ListWatches {
    /// List all watches
    ///
    /// All that is known of every watch, by name, but its tags and how much is in its quarantine.
    #[oai(path = "/watches", method = "get", operation_id = "listWatches")]
    async fn list_watches(&self, caller: Permitted<Across<Viewing>>, app: Served<'_>) -> Answer {
        let freeze_of_all = app.frozen();
        let views = app.watches().into_iter();
        let views = views.filter(|view| caller.sees(&view.watch.name));
        let items = views.map(|view| Watch::new(view, freeze_of_all.as_ref()));
        let items = items.collect();
        Answer::Listed(Json(WatchList { items }))
    }
}
