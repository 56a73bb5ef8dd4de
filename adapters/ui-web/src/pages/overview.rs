use std::collections::BTreeMap;

use askama::Template;
use futures::StreamExt as _;
use futures::stream;
use poem::handler;
use registrywatcher::app::{WatchQuery, WatchStatus, WatchView, WorkloadView};
use registrywatcher::ports::DeploymentQuery;
use url::form_urlencoded;

use crate::attention::needs_a_person;
use crate::edge::Call;
use crate::fault::{Fault, sentence};
use crate::frame::{Frame, Here, Page};
use crate::moment::When;
use crate::parts::{Badge, ImageChip, Look, MOST_OF_SPARKLINE, Sparkline, word_of};
use crate::sentence::Sentence;

/// How many watches stand on a page.
const PAGE: usize = 50;

/// How many of those that need a person stand before all others.
const MOST_URGENT: usize = 20;

/// How many faults of discovery are told.
const MOST_UNDISCOVERED: usize = 3;

/// How many questions the store is asked at once.
const AT_ONCE: usize = 8;

/// Every status, the ones that people look for first.
const STATUSES: [(&str, WatchStatus); 5] = [
    ("failed", WatchStatus::Failed),
    ("deploying", WatchStatus::Deploying),
    ("held", WatchStatus::Held),
    ("unknown", WatchStatus::Unknown),
    ("up_to_date", WatchStatus::UpToDate),
];

#[derive(Template)]
#[template(path = "overview.html")]
struct Overview {
    frame: Frame,
    search: String,
    /// Which filter is chosen.
    status: String,
    filters: Vec<Filter>,
    undiscovered: Undiscovered,
    total: usize,
    urgent: Vec<Row>,
    /// How many more need a person than are shown.
    more_urgent: usize,
    rows: Vec<Row>,
    next: Option<String>,
    first: Option<String>,
}

/// One way to look at the watches, and how many there are of them.
struct Filter {
    href: String,
    is_chosen: bool,
    badge: Badge,
    count: usize,
}

/// What keeps workloads from being watched that ask for it; no watch tells of it.
#[derive(Default)]
struct Undiscovered {
    problems: Vec<String>,
    /// How many more there are than are shown.
    more: usize,
}

/// One watch.
struct Row {
    name: String,
    repository: String,
    badge: Badge,
    workloads: Vec<RowOfWorkload>,
    wanted: Option<ImageChip>,
    /// What is not as the rule is.
    remarks: Vec<&'static str>,
    since: Option<When>,
    spark: Sparkline,
}

struct RowOfWorkload {
    name: String,
    runs: ImageChip,
    sentence: Sentence,
}

/// What the address asks for.
struct Asked {
    search: Option<String>,
    status: Option<String>,
    after: Option<String>,
}

#[handler]
pub(crate) async fn show(call: Call) -> Result<Page, Fault> {
    let asked = Asked::of(&call);
    let query = WatchQuery {
        search: asked.search.clone(),
        status: None,
        after: None,
        limit: usize::MAX,
    };
    let mut found = call.site.app.find_watches(&query);
    found.retain(|view| call.visitor.sees(&view.watch.name));
    let filters = asked.filters(&found);
    let total = found.len();
    let shown = asked.shown(found);
    let last = shown.rows.last().filter(|_| !shown.is_last);
    let address = |after| asked.address(asked.status.as_deref(), after);
    let page = Overview {
        frame: call.frame(Here::Watches, "Watches"),
        undiscovered: Undiscovered::of(&call),
        total,
        urgent: rows(&call, &shown.urgent).await?,
        more_urgent: shown.more_urgent,
        rows: rows(&call, &shown.rows).await?,
        next: last.map(|last| address(Some(last.watch.name.as_str()))),
        first: asked.after.as_ref().map(|_| address(None)),
        filters,
        search: asked.search.clone().unwrap_or_default(),
        status: asked.status.clone().unwrap_or_default(),
    };
    Page::of(&page)
}

/// The watches of one page.
struct Shown {
    /// Those that need a person, on the first page alone.
    urgent: Vec<WatchView>,
    more_urgent: usize,
    rows: Vec<WatchView>,
    is_last: bool,
}

impl Asked {
    fn of(call: &Call) -> Self {
        let field = |name| call.query.get(name).map(str::to_owned);
        Self {
            search: field("q"),
            status: field("status"),
            after: field("after"),
        }
    }

    fn address(&self, status: Option<&str>, after: Option<&str>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in [
            ("q", self.search.as_deref()),
            ("status", status),
            ("after", after),
        ] {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        let query = query.finish();
        if query.is_empty() {
            "/".to_owned()
        } else {
            format!("/?{query}")
        }
    }

    fn filters(&self, found: &[WatchView]) -> Vec<Filter> {
        let mut counts: BTreeMap<WatchStatus, usize> = BTreeMap::new();
        for view in found {
            *counts.entry(view.status()).or_default() += 1;
        }
        let filter = |name: Option<&str>, badge, count| Filter {
            href: self.address(name, None),
            is_chosen: self.status.as_deref() == name,
            badge,
            count,
        };
        let urgent = found.iter().filter(|view| needs_a_person(view)).count();
        let mut filters = vec![
            filter(None, Badge::new(Look::Quiet, "all"), found.len()),
            filter(
                Some("urgent"),
                Badge::new(Look::Waiting, "needs a person"),
                urgent,
            ),
        ];
        filters.extend(STATUSES.map(|(name, status)| {
            let count = counts.get(&status).copied().unwrap_or_default();
            filter(
                Some(name),
                Badge::new(Look::of_status(status), word_of(status)),
                count,
            )
        }));
        // What is not there needs no filter, unless it is the chosen one.
        filters.retain(|filter| {
            filter.count > 0 || filter.is_chosen || filter.href == self.address(None, None)
        });
        filters
    }

    /// The watches of the page that is asked for, of all that were found.
    fn shown(&self, found: Vec<WatchView>) -> Shown {
        let (mut urgent, mut rows) = self.chosen(found);
        if let Some(after) = &self.after {
            urgent.clear();
            rows.retain(|view| view.watch.name.as_str() > after.as_str());
        }
        let more_urgent = urgent.len().saturating_sub(MOST_URGENT);
        let is_last = rows.len() <= PAGE;
        urgent.truncate(MOST_URGENT);
        rows.truncate(PAGE);
        Shown {
            urgent,
            more_urgent,
            rows,
            is_last,
        }
    }

    /// The watches that the chosen filter lets through: those that need a person apart from the others, where none is chosen.
    fn chosen(&self, found: Vec<WatchView>) -> (Vec<WatchView>, Vec<WatchView>) {
        let Some(name) = self.status.as_deref() else {
            return found.into_iter().partition(needs_a_person);
        };
        let status = STATUSES.iter().find(|(known, _)| *known == name);
        let lets_through = |view: &WatchView| match status {
            Some((_, status)) => view.status() == *status,
            None => needs_a_person(view),
        };
        (Vec::new(), found.into_iter().filter(lets_through).collect())
    }
}

async fn rows(call: &Call, views: &[WatchView]) -> Result<Vec<Row>, Fault> {
    let asking: Vec<_> = views.iter().map(|view| row(call, view)).collect();
    let rows: Vec<Result<Row, Fault>> = stream::iter(asking).buffered(AT_ONCE).collect().await;
    rows.into_iter().collect()
}

async fn row(call: &Call, view: &WatchView) -> Result<Row, Fault> {
    let query = DeploymentQuery {
        watch: Some(view.watch.name.clone()),
        limit: MOST_OF_SPARKLINE,
        ..DeploymentQuery::default()
    };
    let deployments = call.site.app.deployments(&query).await?;
    Ok(Row::new(call, view, Sparkline::new(&deployments)))
}

impl Row {
    fn new(call: &Call, view: &WatchView, spark: Sparkline) -> Self {
        let now = call.site.now();
        let wanted = view.wanted.as_ref().ok();
        let runs_wanted = |workload: &WorkloadView| {
            let image = view.wanted_image.as_ref();
            image.is_some_and(|image| workload.runs.is_running(image))
        };
        let is_news = !view.workloads.iter().all(runs_wanted);
        let since = view.workloads.iter().filter_map(|it| it.decided.as_ref());
        Self {
            name: view.watch.name.to_string(),
            repository: view.watch.repository().to_string(),
            badge: Badge::of_status(view.status()),
            workloads: view
                .workloads
                .iter()
                .map(|workload| RowOfWorkload {
                    name: workload.workload.to_string(),
                    runs: ImageChip::of_runs(&workload.runs),
                    sentence: Sentence::of_workload(workload, now),
                })
                .collect(),
            wanted: wanted
                .filter(|_| is_news)
                .map(|tag| ImageChip::of_tag(tag, view.wanted_image.as_ref())),
            remarks: remarks(view),
            since: since
                .map(|decided| decided.since)
                .max()
                .map(|at| When { at, now }),
            spark,
        }
    }
}

impl Undiscovered {
    fn of(call: &Call) -> Self {
        if !call.visitor.sees_everything() {
            return Self::default();
        }
        let health = call.site.app.discovery().into_iter().flatten();
        let told = health.flat_map(|health| {
            let deployer = health.deployer;
            let unasked = health.fault.into_iter();
            let unasked = unasked.map(move |fault| format!("`{deployer}`: {fault}"));
            unasked.chain(health.faults.into_iter().map(|fault| fault.to_string()))
        });
        let mut problems: Vec<String> = told.map(|problem| sentence(&problem)).collect();
        let more = problems.len().saturating_sub(MOST_UNDISCOVERED);
        problems.truncate(MOST_UNDISCOVERED);
        Self { problems, more }
    }
}

/// What is not as the rule is with a watch.
pub(crate) fn remarks(view: &WatchView) -> Vec<&'static str> {
    let intent = &view.intent;
    let unusual = [
        (view.discovered, "discovered"),
        (intent.target.pinned().is_some(), "pinned"),
        (!intent.auto_deploy, "auto-deploy off"),
        (intent.hold.is_some(), "held"),
        (view.freeze.is_some(), "frozen"),
        (!view.attended, "attended by another replica"),
    ];
    let unusual = unusual.into_iter();
    unusual
        .filter_map(|(is_so, word)| is_so.then_some(word))
        .collect()
}
