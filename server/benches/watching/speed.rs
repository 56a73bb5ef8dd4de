//! Goals 3, 4 and 5: how fast watches are polled, and what processor time that costs.

use std::sync::Arc;

use registrywatcher_conformance::backends::DockerRegistry;
use registrywatcher_memory::MemoryStore;

use crate::fast_registry::FastRegistry;
use crate::measure::{Sample, median, sample};
use crate::raw_loader::RawLoader;
use crate::report::{Bound, Report};
use crate::scale::Scale;
use crate::service::{Content, Published, Service, Wanted, orchestrator};

/// Connections of the raw loader, concurrency of the client, and polls at the same time.
const AT_ONCE: usize = 32;

/// What cup 3.5.1 uses per watch (262 to 299 us) in units of what the raw loader uses per request (9 to 13 us), by the
/// middles of both; measured once elsewhere, since cup is not at hand here.
const CUP: f64 = 280.5 / 11.0;

pub(crate) async fn against_fast_registry(
    scale: &Scale,
    registry: &FastRegistry,
    report: &mut Report,
) -> anyhow::Result<()> {
    let clients = Clients::start(&registry.content(scale.watches)).await?;
    let turns = clients
        .take_turns(scale.rounds, scale.raw_requests, scale.watches)
        .await?;
    let pinned = median(turns.iter().map(Turn::pinned_rate));
    let tracked = median(turns.iter().map(Turn::tracked_rate));
    report.row(
        3,
        "pinned watches/s, of the raw loader's HEADs/s",
        Bound::AtLeast(0.40),
        pinned,
    );
    report.row(
        3,
        "tracked watches/s, of the raw loader's HEADs/s",
        Bound::AtLeast(0.30),
        tracked,
    );
    let quarter = Bound::AtMost(CUP / 4.0);
    let cpu =
        |of: fn(&Turn) -> Sample| median(turns.iter().map(|turn| of(turn).cpu / turn.raw.cpu));
    report.row(
        5,
        "CPU per pinned watch, of the raw loader's request",
        quarter,
        cpu(|turn| turn.pinned),
    );
    report.row(
        5,
        "CPU per tracked watch, of the raw loader's request",
        quarter,
        cpu(|turn| turn.tracked),
    );
    report.note(format!(
        "3, 5: {} watches on the fast registry: {}",
        scale.watches,
        figures(&turns)
    ));
    report.note(format!(
        "5: the goal is 1/4 of cup, which was measured at {CUP:.0} (20 to 33) times the raw loader; it does not run here"
    ));
    Ok(())
}

pub(crate) async fn against_distribution(scale: &Scale, report: &mut Report) -> anyhow::Result<()> {
    let Some(registry) = DockerRegistry::start(None) else {
        report.note("4: skipped: Debian's docker-registry is not installed".to_owned());
        return Ok(());
    };
    let content = Content {
        host: registry.host().to_owned(),
        images: (0..scale.pushed_repositories)
            .map(|index| push(&registry, format!("team/app-{index}"), scale.pushed_tags))
            .collect(),
    };
    let requests = scale.distribution_requests;
    let clients = Clients::start(&content).await?;
    let turns = clients.take_turns(scale.rounds, requests, requests).await?;
    let pinned = median(turns.iter().map(Turn::pinned_rate));
    report.row(
        4,
        "pinned watches/s on distribution, of the raw loader's HEADs/s",
        Bound::AtLeast(0.90),
        pinned,
    );
    report.note(format!(
        "4: {} repositories of {} tags on distribution: {}",
        scale.pushed_repositories,
        scale.pushed_tags,
        figures(&turns)
    ));
    Ok(())
}

/// Pushes versions of an image, and gives the highest.
fn push(registry: &DockerRegistry, path: String, versions: usize) -> Published {
    let (mut tag, mut digest) = (String::new(), String::new());
    for minor in 0..versions {
        tag = format!("v1.{minor}.0");
        digest = registry.push(&path, &tag, &tag).to_string();
    }
    Published { path, tag, digest }
}

/// All that ask one registry.
struct Clients {
    raw: RawLoader,
    pinned: Service,
    tracked: Service,
}

/// What each came to, one right after the other.
struct Turn {
    raw: Sample,
    pinned: Sample,
    tracked: Sample,
}

impl Clients {
    async fn start(content: &Content) -> anyhow::Result<Self> {
        let start = async |wanted| {
            let (store, deployer) = (Arc::new(MemoryStore::new()), orchestrator(content));
            let service = Service::start(content, wanted, AT_ONCE, store, deployer).await?;
            service.warm_up(AT_ONCE).await?;
            anyhow::Ok(service)
        };
        Ok(Self {
            raw: RawLoader::of_digests(content)?,
            pinned: start(Wanted::Pinned).await?,
            tracked: start(Wanted::Tracked).await?,
        })
    }

    async fn take_turns(
        &self,
        rounds: usize,
        requests: usize,
        polls: usize,
    ) -> anyhow::Result<Vec<Turn>> {
        let mut turns = Vec::new();
        for _ in 0..rounds {
            turns.push(Turn {
                raw: sample(requests, self.raw.load(requests, AT_ONCE)).await?,
                pinned: sample(polls, self.pinned.poll(polls, AT_ONCE)).await?,
                tracked: sample(polls, self.tracked.poll(polls, AT_ONCE)).await?,
            });
        }
        Ok(turns)
    }
}

impl Turn {
    fn pinned_rate(&self) -> f64 {
        self.pinned.rate / self.raw.rate
    }

    fn tracked_rate(&self) -> f64 {
        self.tracked.rate / self.raw.rate
    }
}

/// The absolute figures, which only hold for this machine at this moment.
fn figures(turns: &[Turn]) -> String {
    let of = |name: &str, part: fn(&Turn) -> Sample| {
        let rate = median(turns.iter().map(|turn| part(turn).rate));
        let cpu = median(turns.iter().map(|turn| part(turn).cpu));
        format!("{name} {rate:.0}/s at {cpu:.1} us CPU")
    };
    [
        of("raw", |turn| turn.raw),
        of("pinned", |turn| turn.pinned),
        of("tracked", |turn| turn.tracked),
    ]
    .join(", ")
}
