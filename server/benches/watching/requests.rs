//! Goals 1 and 2: what a registry is asked, and over how many connections.

use std::sync::Arc;
use std::time::Duration;

use registrywatcher_memory::MemoryStore;
use registrywatcher_simulator::{Authentication, RegistryRequests, SimulatedRegistry};

use crate::measure::count;
use crate::report::{Bound, Report};
use crate::scale::Scale;
use crate::service::{Content, Published, Service, Wanted, orchestrator};

/// More than polls at once, so that each of these is of another repository.
const WATCHES: usize = 80;

/// Polls of each watch: three times those after which a digest is asked for again.
const POLLS: usize = 30;

/// How many polls want something of the registry at the same time.
const AT_ONCE: usize = 64;

/// As long as the simulated token server says.
const TOKEN_LIFE: Duration = Duration::from_mins(5);

pub(crate) async fn measure(scale: &Scale, report: &mut Report) -> anyhow::Result<()> {
    let (pinned, tracked) = (
        requests(Wanted::Pinned).await?,
        requests(Wanted::Tracked).await?,
    );
    let per_poll = |requests: u64| -> anyhow::Result<f64> {
        Ok(count(usize::try_from(requests)?) / count(WATCHES * POLLS))
    };
    let (at_rest, lists) = (pinned.at_rest, tracked.at_rest.tag_lists);
    report.row(
        1,
        "requests per poll, pinned",
        Bound::AtMost(1.0),
        per_poll(at_rest.total())?,
    );
    report.row(
        1,
        "requests per poll, tracked: listings",
        Bound::AtMost(1.0),
        per_poll(lists)?,
    );
    let others = tracked.at_rest.total() - lists;
    report.row(
        1,
        "requests per poll, tracked: others (the digest at every 10th poll)",
        Bound::AtMost(0.1),
        per_poll(others)?,
    );
    let pings = pinned.in_all.pings + tracked.in_all.pings;
    report.row(
        1,
        "pings, pinned and tracked",
        Bound::AtMost(0.0),
        per_poll(pings)?,
    );
    let tokens = pinned.in_all.token_requests + tracked.in_all.token_requests;
    let scopes_and_lives = count(2 * WATCHES * 2);
    report.row(
        1,
        "token requests per scope and lifetime, over two lifetimes",
        Bound::AtMost(1.0),
        count(usize::try_from(tokens)?) / scopes_and_lives,
    );
    for (concurrency, what) in [
        (
            8,
            "most connections at once, of 8 allowed, 64 polls waiting",
        ),
        (
            32,
            "most connections at once, of 32 allowed, 64 polls waiting",
        ),
    ] {
        let peak = peak_connections(concurrency, scale).await?;
        report.row(2, what, Bound::AtMost(count(concurrency)), count(peak));
    }
    Ok(())
}

struct Asked {
    /// While nothing changed, within the lifetime of one token.
    at_rest: RegistryRequests,
    /// From the start to the second lifetime.
    in_all: RegistryRequests,
}

async fn requests(wanted: Wanted) -> anyhow::Result<Asked> {
    let registry = SimulatedRegistry::start().await?;
    registry.configure(|settings| {
        settings.authentication = Authentication::bearer("registry", None);
    });
    let service = serve(&registry, wanted, 8).await?;
    service.poll(WATCHES, 8).await?;
    let before = registry.requests();
    service.poll(WATCHES * POLLS, 8).await?;
    let at_rest = since(&before, &registry.requests());
    service.clock.advance(TOKEN_LIFE);
    service.poll(WATCHES, 8).await?;
    service.ensure_nothing_to_do()?;
    Ok(Asked {
        at_rest,
        in_all: registry.requests(),
    })
}

async fn peak_connections(concurrency: usize, scale: &Scale) -> anyhow::Result<usize> {
    let registry = SimulatedRegistry::start().await?;
    let service = serve(&registry, Wanted::Tracked, concurrency).await?;
    // So slow that every connection there may be is needed.
    registry.fault(|faults| faults.delay = Some(Duration::from_millis(5)));
    service.poll(WATCHES * 10 * scale.rounds, AT_ONCE).await?;
    Ok(registry.requests().connections_peak)
}

/// A service on repositories of a few versions each.
async fn serve(
    registry: &SimulatedRegistry,
    wanted: Wanted,
    concurrency: usize,
) -> anyhow::Result<Service> {
    let push = |index: usize| {
        let path = format!("team/app-{index}");
        let tags = ["v1.0.0", "v1.1.0", "v1.2.0"];
        let digests = tags.map(|tag| registry.publish(&path, tag));
        let [.., tag] = tags;
        let [.., digest] = digests;
        Published {
            path,
            tag: tag.to_owned(),
            digest,
        }
    };
    let content = Content {
        host: registry.host(),
        images: (0..WATCHES).map(push).collect(),
    };
    let (store, deployer) = (Arc::new(MemoryStore::new()), orchestrator(&content));
    Service::start(&content, wanted, concurrency, store, deployer).await
}

fn since(before: &RegistryRequests, after: &RegistryRequests) -> RegistryRequests {
    RegistryRequests {
        pings: after.pings - before.pings,
        tag_lists: after.tag_lists - before.tag_lists,
        manifest_heads: after.manifest_heads - before.manifest_heads,
        manifest_gets: after.manifest_gets - before.manifest_gets,
        blobs: after.blobs - before.blobs,
        token_requests: after.token_requests - before.token_requests,
        others: after.others - before.others,
        ..*after
    }
}
