//! What is watched, and where it runs.

use std::time::Duration;

use registrywatcher::image::{Image, ImageReference, PlatformManifest, Repository, Tag};
use registrywatcher::policy::{Filters, Order, TagPolicy};
use registrywatcher::watch::{AdoptMode, DriftMode, Mode, Watch, WatchName, Workload};

pub(crate) const DEPLOYER: &str = "production";
pub(crate) const HOST: &str = "registry.example/acme";
/// Told everything, repetitions included.
pub(crate) const AUDIT: &str = "audit";
/// Told of failures alone.
pub(crate) const PAGER: &str = "pager";
pub(crate) const PAGED: [&str; 2] = ["deployment_failed", "image_quarantined"];

/// How long a replica attends to what it was leased last.
pub(crate) const LEASE: Duration = Duration::from_secs(15);

/// The places whose rollouts stop at their canaries, mostly.
pub(crate) const CANARIED: [&str; 2] = ["api", "shop"];

/// How the model tells which tags a watch admits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admits {
    /// Every release.
    Releases,
    /// Releases and candidates.
    Candidates,
    /// Releases of major version 1.
    Ones,
    /// `latest`, whatever it points to.
    Latest,
}

/// A watch in the words of the model.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Watched {
    pub(crate) name: &'static str,
    pub(crate) repository: &'static str,
    pub(crate) admits: Admits,
    pub(crate) places: &'static [&'static str],
    pub(crate) drift: DriftMode,
}

/// A few watches of every sort; `left` and `right` run in one unit, and the first shares its repository with `web`.
pub(crate) const WATCHES: [Watched; 6] = [
    watched("web", "web", Admits::Releases, &["web"]),
    watched("api", "api", Admits::Ones, &["api"]),
    watched("edge", "edge", Admits::Latest, &["edge"]),
    watched("shop", "shop", Admits::Candidates, &["staging", "shop"]),
    watched("left", "web", Admits::Releases, &["twins/left"]),
    Watched {
        drift: DriftMode::Correct,
        ..watched("right", "api", Admits::Releases, &["twins/right"])
    },
];

pub(crate) const REPOSITORIES: [&str; 4] = ["web", "api", "edge", "shop"];

const fn watched(
    name: &'static str,
    repository: &'static str,
    admits: Admits,
    places: &'static [&'static str],
) -> Watched {
    Watched {
        name,
        repository,
        admits,
        places,
        drift: DriftMode::Hold,
    }
}

impl Watched {
    pub(crate) fn watch_name(&self) -> WatchName {
        parsed(self.name)
    }

    /// The watch as the application is configured with it.
    pub(crate) fn configured(&self) -> Watch {
        let order = match self.admits {
            Admits::Releases => Order::semver("*"),
            Admits::Candidates => Order::semver("*").map(with_prereleases),
            Admits::Ones => Order::semver("^1"),
            Admits::Latest => Ok(Order::Tag(parsed("latest"))),
        };
        let policy = order.and_then(|order| TagPolicy::new(order, &Filters::default()));
        Watch {
            name: self.watch_name(),
            image: source(self.repository),
            policy: policy.unwrap_or_else(|problem| panic!("{problem}")),
            workloads: self.places.iter().map(|place| workload(place)).collect(),
            interval: Duration::from_mins(1),
            mode: Mode::Deploy,
            drift: self.drift,
            adopt: AdoptMode::Assume,
            parallel: false,
            min_interval: Duration::from_secs(10),
            formerly: None,
        }
    }
}

fn with_prereleases(order: Order) -> Order {
    match order {
        Order::Semver { range, variant, .. } => Order::Semver {
            range,
            prerelease: true,
            variant,
        },
        other => other,
    }
}

pub(crate) fn watched_as(name: &WatchName) -> &'static Watched {
    let found = WATCHES.iter().find(|watched| watched.name == name.as_str());
    found.unwrap_or_else(|| panic!("nobody watches {name}"))
}

pub(crate) fn source(repository: &str) -> ImageReference {
    parsed(&format!("{HOST}/{repository}"))
}

pub(crate) fn repository(name: &str) -> Repository {
    parsed(&format!("{HOST}/{name}"))
}

/// A workload by its place: `job`, or `job/group`.
pub(crate) fn workload(place: &str) -> Workload {
    let (job, group) = place
        .split_once('/')
        .map_or((place, None), |(job, group)| (job, Some(group)));
    let job = Some(("job", job));
    let parts: Vec<(&str, &str)> = job
        .into_iter()
        .chain(group.map(|group| ("group", group)))
        .collect();
    Workload {
        deployer: parsed(DEPLOYER),
        address: parts[..].into(),
    }
}

/// The place of a workload.
pub(crate) fn place(workload: &Workload) -> String {
    let job = workload.address.get("job").unwrap_or_default();
    match workload.address.get("group") {
        Some(group) => format!("{job}/{group}"),
        None => job.to_owned(),
    }
}

/// What rolls as one, as the model sees it.
pub(crate) fn unit(workload: &Workload) -> &str {
    workload.address.get("job").unwrap_or_default()
}

pub(crate) fn tag(text: &str) -> Tag {
    parsed(text)
}

pub(crate) fn parsed<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Display,
{
    text.parse()
        .unwrap_or_else(|problem| panic!("{text}: {problem}"))
}

/// An image told apart by numbers: of its content, and of the signature around it.
pub(crate) fn image(content: u32, signature: u32) -> Image {
    let digest = |signature: u32, kind: u8| {
        parsed(&format!("sha256:{content:06x}{signature:06x}{kind:052x}"))
    };
    let manifest = PlatformManifest {
        platform: "linux/amd64".parse().ok(),
        digest: digest(0, 1),
    };
    Image::of_index(digest(signature, 2), vec![manifest])
}
