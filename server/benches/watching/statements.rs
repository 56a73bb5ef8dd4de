//! The first half of goal 9: what an unchanged poll costs the store.

use std::sync::Arc;

use registrywatcher::ports::Store;
use registrywatcher_memory::MemoryStore;
use registrywatcher_store_sea_orm::{SeaOrmStore, StoreOptions};

use crate::fast_registry::FastRegistry;
use crate::measure::count;
use crate::report::{Bound, Report};
use crate::service::{Service, Wanted, orchestrator};

const WATCHES: usize = 20;

const POLLS: usize = 30;

const AT_ONCE: usize = 8;

pub(crate) async fn measure(fast: &FastRegistry, report: &mut Report) -> anyhow::Result<()> {
    let memory = MemoryStore::new();
    let calls = polled(fast, Arc::new(memory.clone()), || memory.calls()).await?;
    report.row(
        9,
        "calls of the store per unchanged poll",
        Bound::AtMost(0.0),
        calls,
    );
    let folder = tempfile::tempdir()?;
    let url = format!("sqlite://{}", folder.path().join("store.db").display());
    let sqlite = SeaOrmStore::connect(&url.parse()?, &StoreOptions::default()).await?;
    sqlite.migrate().await?;
    let statements = polled(fast, Arc::new(sqlite.clone()), || sqlite.statements()).await?;
    sqlite.close().await?;
    report.row(
        9,
        "statements of SQLite per unchanged poll",
        Bound::AtMost(0.0),
        statements,
    );
    Ok(())
}

/// How much `used` rises per poll, once everything was polled for the first time.
async fn polled(
    fast: &FastRegistry,
    store: Arc<dyn Store>,
    used: impl Fn() -> u64,
) -> anyhow::Result<f64> {
    let content = fast.content(WATCHES);
    let deployer = orchestrator(&content);
    let service = Service::start(&content, Wanted::Tracked, AT_ONCE, store, deployer).await?;
    service.poll(WATCHES, AT_ONCE).await?;
    let before = used();
    service.poll(WATCHES * POLLS, AT_ONCE).await?;
    service.ensure_nothing_to_do()?;
    Ok(count(usize::try_from(used() - before)?) / count(WATCHES * POLLS))
}
