//! Goal 6: what ten thousand watches weigh.
//!
//! In a process of its own, so that nothing else that is measured weighs in.

use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;

use anyhow::{Context, ensure};
use registrywatcher_store_sea_orm::{SeaOrmStore, StoreOptions};
use tokio::process::Command;

use crate::fast_registry::{self, FastRegistry};
use crate::measure::{count, resident_kib};
use crate::report::{Bound, Report};
use crate::scale::Scale;
use crate::service::{Service, Wanted, orchestrator};

/// The argument that makes this program hold watches and tell what they weigh.
pub(crate) const ROLE: &str = "--hold-watches";

const AT_ONCE: usize = 32;

const ROUNDS: usize = 3;

pub(crate) async fn measure(
    scale: &Scale,
    registry: &FastRegistry,
    report: &mut Report,
) -> anyhow::Result<()> {
    let (few, many) = (scale.watches / 10, scale.watches);
    let of_few = Weight::of(few, registry).await?;
    let of_many = Weight::of(many, registry).await?;
    let mib = |kib: u32| f64::from(kib) / 1024.0;
    report.row(
        6,
        "MiB of 10,000 watches of 50 tags after 3 rounds, process included",
        Bound::AtMost(40.0),
        mib(of_many.began + of_many.grown()),
    );
    report.row(
        6,
        "KiB of each further watch (from 1,000 to 10,000)",
        Bound::AtMost(2.0),
        (f64::from(of_many.grown()) - f64::from(of_few.grown())) / count(many - few),
    );
    for (watches, weight) in [(few, of_few), (many, of_many)] {
        report.note(format!(
            "6: {watches} watches over SQLite: process {:.1} MiB, grown by {:.1} when started and by {:.1} after {ROUNDS} \
             rounds",
            mib(weight.began),
            mib(weight.started.saturating_sub(weight.before)),
            mib(weight.grown())
        ));
    }
    Ok(())
}

/// What is resident of a process that holds watches, in KiB.
struct Weight {
    /// At its start.
    began: u32,
    /// Before the watches are there.
    before: u32,
    /// Once the service has started.
    started: u32,
    /// After some rounds of polls.
    ended: u32,
}

impl Weight {
    async fn of(watches: usize, registry: &FastRegistry) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("this program has no path")?;
        let child = Command::new(program)
            .arg(ROLE)
            .arg(registry.address.to_string())
            .arg(watches.to_string())
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .output()
            .await?;
        ensure!(
            child.status.success(),
            "the process that holds the watches failed"
        );
        let told = String::from_utf8(child.stdout)?;
        let sizes: Result<Vec<u32>, _> = told.split_whitespace().map(str::parse).collect();
        let [began, before, started, ended] = sizes?[..] else {
            anyhow::bail!("the process that holds the watches tells nothing");
        };
        Ok(Self {
            began,
            before,
            started,
            ended,
        })
    }

    /// What the service and its watches added.
    fn grown(&self) -> u32 {
        self.ended.saturating_sub(self.before)
    }
}

/// Holds watches, and prints the numbers of a [`Weight`].
pub(crate) fn hold(arguments: &[String]) -> anyhow::Result<()> {
    let began = resident_kib()?;
    let [address, watches] = arguments else {
        anyhow::bail!("an address and a number of watches are needed");
    };
    let (address, watches): (SocketAddr, usize) = (address.parse()?, watches.parse()?);
    crate::runtime()?.block_on(async {
        let content = fast_registry::content(address, watches);
        // What the tests' orchestrator remembers is no part of the service.
        let deployer = orchestrator(&content);
        let before = resident_kib()?;
        let folder = tempfile::tempdir()?;
        let url = format!("sqlite://{}", folder.path().join("store.db").display());
        let store = SeaOrmStore::connect(&url.parse()?, &StoreOptions::default()).await?;
        store.migrate().await?;
        let store = Arc::new(store);
        let service = Service::start(&content, Wanted::Tracked, AT_ONCE, store, deployer).await?;
        let started = resident_kib()?;
        for _ in 0..ROUNDS {
            service.poll(watches, AT_ONCE).await?;
        }
        let ended = resident_kib()?;
        service.ensure_nothing_to_do()?;
        println!("{began} {before} {started} {ended}");
        Ok(())
    })
}
