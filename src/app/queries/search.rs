use super::{WatchView, WorkloadView};
use crate::app::App;
use crate::decision::Decision;
use crate::watch::WatchName;

/// Which watches to read; by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchQuery {
    /// Only those whose name or repository has this in it, whatever the case.
    pub search: Option<String>,
    /// Only those that are like this.
    pub status: Option<WatchStatus>,
    /// Only those after this one.
    pub after: Option<WatchName>,
    /// At most this many.
    pub limit: usize,
}

/// How a watch is, in one word: the first that holds for any of its workloads, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WatchStatus {
    /// A deployment has not ended.
    Deploying,
    /// The last deployment failed, and none made up for it.
    Failed,
    /// Something stands in the way of what is wanted.
    Held,
    /// Nothing was decided on it yet, or another replica decides.
    Unknown,
    /// What is wanted runs.
    UpToDate,
}

impl WatchView {
    /// How it is, in one word.
    pub fn status(&self) -> WatchStatus {
        let each = self.workloads.iter().map(WorkloadView::status);
        each.min().unwrap_or(WatchStatus::UpToDate)
    }
}

impl WorkloadView {
    fn status(&self) -> WatchStatus {
        if self.in_flight.is_some() {
            return WatchStatus::Deploying;
        }
        if self.failed.is_some() {
            return WatchStatus::Failed;
        }
        match self.decided.as_ref().map(|decided| &decided.decision) {
            Some(Decision::Deploy(_)) => WatchStatus::Deploying,
            Some(Decision::Hold(_)) => WatchStatus::Held,
            Some(Decision::UpToDate { .. }) => WatchStatus::UpToDate,
            None => WatchStatus::Unknown,
        }
    }
}

impl App {
    /// All that is known of some watches, by name.
    pub fn find_watches(&self, query: &WatchQuery) -> Vec<WatchView> {
        let search = query.search.as_ref().map(|text| text.to_lowercase());
        let watched = self.watched();
        let world = self.world();
        watched
            .after(query.after.as_ref())
            .filter(|watch| {
                let has = |text: String, part: &str| text.to_lowercase().contains(part);
                search.as_deref().is_none_or(|part| {
                    has(watch.name.to_string(), part) || has(watch.repository().to_string(), part)
                })
            })
            .filter_map(|watch| self.view(&world, &watched, watch))
            .filter(|view| query.status.is_none_or(|status| view.status() == status))
            .take(query.limit)
            .collect()
    }
}
