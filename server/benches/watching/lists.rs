//! Goal 7: what an unchanged and a changed listing of ten thousand tags cost.
//!
//! Processor time of this process. What it takes to fetch the listing at all, by the same HTTP library, is taken off.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use registrywatcher::image::Repository;
use registrywatcher::ports::Registry;
use registrywatcher_memory::{MemoryClock, MemoryStore};
use registrywatcher_registry_docker_v2::DockerRegistry;
use reqwest::Client;
use semver::Version;
use serde::Deserialize;

use crate::fast_registry::{CHANGING, FastRegistry, MANY_TAGS, STEADY};
use crate::measure::{median, sample};
use crate::report::{Bound, Report};
use crate::scale::Scale;
use crate::service::{Service, Wanted, orchestrator, registry};

pub(crate) async fn measure(
    scale: &Scale,
    fast: &FastRegistry,
    report: &mut Report,
) -> anyhow::Result<()> {
    let readers = Readers::start(fast).await?;
    let mut turns = Vec::new();
    for _ in 0..=scale.rounds {
        turns.push(readers.take_turns(scale.listings).await?);
    }
    // The first turn finds nothing remembered.
    turns.remove(0);
    let of = |part: fn(&Turn) -> f64| median(turns.iter().map(part));
    report.row(
        7,
        "unchanged list of 10,000 tags, of a changed one",
        Bound::AtMost(0.10),
        of(|turn| turn.unchanged.max(0.0) / turn.changed),
    );
    report.row(
        7,
        "changed list of 10,000 tags, of the Go service's algorithm",
        Bound::AtMost(0.25),
        of(|turn| turn.changed / turn.go_service),
    );
    report.row(
        7,
        "the same, with all else that the poll does",
        Bound::AtMost(0.25),
        of(|turn| turn.changed_poll / turn.go_service),
    );
    report.note(format!(
        "7: {MANY_TAGS} tags: fetched {:.0} us CPU; besides, unchanged {:.0}, in a whole poll {:.0}; changed {:.0}, in a whole \
         poll {:.0}; the Go service's algorithm {:.0}",
        of(|turn| turn.fetched),
        of(|turn| turn.unchanged),
        of(|turn| turn.unchanged_poll),
        of(|turn| turn.changed),
        of(|turn| turn.changed_poll),
        of(|turn| turn.go_service),
    ));
    Ok(())
}

/// Microseconds of processor time per listing; all but `fetched` without those that fetching it takes.
struct Turn {
    fetched: f64,
    unchanged: f64,
    changed: f64,
    unchanged_poll: f64,
    changed_poll: f64,
    go_service: f64,
}

struct Readers {
    client: Client,
    address: String,
    page: Vec<u8>,
    registry: Arc<DockerRegistry>,
    steady: Repository,
    changing: Repository,
    of_steady: Service,
    of_changing: Service,
}

impl Readers {
    async fn start(fast: &FastRegistry) -> anyhow::Result<Self> {
        let client = Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(10))
            .build()?;
        let address = format!("http://{}/v2/{STEADY}/tags/list?n=1000", fast.address);
        let serve = async |path| {
            let content = fast.large(path);
            let (store, deployer) = (Arc::new(MemoryStore::new()), orchestrator(&content));
            let service = Service::start(&content, Wanted::Tracked, 1, store, deployer).await?;
            service.poll(1, 1).await?;
            service.ensure_nothing_to_do()?;
            anyhow::Ok(service)
        };
        Ok(Self {
            page: fetch(&client, &address).await?,
            client,
            address,
            registry: registry(1, &MemoryClock::new())?,
            steady: format!("{}/{STEADY}", fast.address).parse()?,
            changing: format!("{}/{CHANGING}", fast.address).parse()?,
            of_steady: serve(STEADY).await?,
            of_changing: serve(CHANGING).await?,
        })
    }

    async fn take_turns(&self, listings: usize) -> anyhow::Result<Turn> {
        let fetched = sample(listings, async {
            for _ in 0..listings {
                black_box(fetch(&self.client, &self.address).await?);
            }
            Ok(())
        })
        .await?;
        let unchanged = sample(listings, self.list(&self.steady, listings)).await?;
        let changed = sample(listings, self.list(&self.changing, listings)).await?;
        let unchanged_poll = sample(listings, self.of_steady.poll(listings, 1)).await?;
        let changed_poll = sample(listings, self.of_changing.poll(listings, 1)).await?;
        let go_service = sample(listings, async {
            for _ in 0..listings {
                black_box(newest_as_the_go_service(black_box(&self.page))?);
            }
            Ok(())
        })
        .await?;
        let besides = |cpu: f64| cpu - fetched.cpu;
        Ok(Turn {
            fetched: fetched.cpu,
            unchanged: besides(unchanged.cpu),
            changed: besides(changed.cpu),
            unchanged_poll: besides(unchanged_poll.cpu),
            changed_poll: besides(changed_poll.cpu),
            go_service: go_service.cpu,
        })
    }

    async fn list(&self, repository: &Repository, listings: usize) -> anyhow::Result<()> {
        for _ in 0..listings {
            black_box(self.registry.tags(repository).await?);
        }
        Ok(())
    }
}

async fn fetch(client: &Client, address: &str) -> anyhow::Result<Vec<u8>> {
    let mut answer = client.get(address).send().await?.error_for_status()?;
    let length = answer
        .content_length()
        .context("a listing without a length")?;
    let mut body = Vec::with_capacity(usize::try_from(length)?);
    while let Some(chunk) = answer.chunk().await? {
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// What the Go service does with each listing: a string for each tag, all sorted as text, then again as versions.
fn newest_as_the_go_service(page: &[u8]) -> anyhow::Result<String> {
    #[derive(Deserialize)]
    struct Page {
        tags: Vec<String>,
    }
    let mut tags = serde_json::from_slice::<Page>(page)?.tags;
    tags.sort();
    let mut releases: Vec<(Version, String)> = tags
        .into_iter()
        .filter_map(|tag| Some((Version::parse(tag.strip_prefix('v')?).ok()?, tag)))
        .collect();
    releases.sort();
    let (_, newest) = releases.pop().context("no release")?;
    Ok(newest)
}
