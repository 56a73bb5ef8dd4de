//! Replicas that share the work on one PostgreSQL, one of which is killed or hangs every few seconds.

mod figures;
mod fleet;
mod releases;
mod strikes;

use std::time::Duration;

use tokio::time::Instant;

use crate::wait::within;
use figures::Figures;
use fleet::Fleet;
use releases::Releases;
use strikes::{Replicas, Strikes, Takeovers};

/// How long the last releases may take.
const REST: Duration = Duration::from_mins(1);

/// How much there is to do, and for how long.
struct Load {
    watches: usize,
    lease: Duration,
    /// How often a new release is pushed to some watch.
    every: Duration,
    /// How long two replicas share the work before one of them is struck.
    strike_after: Duration,
    lasts: Duration,
}

impl Load {
    /// `None` where there is no Postgres, which is then printed.
    async fn run(&self) -> Option<Figures> {
        let fleet = Fleet::open(self.watches, self.lease).await?;
        let mut replicas = Replicas::start(&fleet).await;
        let at_start = replicas.resident_kib();
        let mut releases = Releases::new(&fleet);
        let end = Instant::now() + self.lasts;
        let mut strikes = Strikes::new(&fleet, self.strike_after, end);
        tokio::join!(
            releases.push_until(end, self.every),
            strikes.strike(&mut replicas),
        );
        within(REST, "every release is deployed", async || {
            releases.look();
            releases.all_run().then_some(())
        })
        .await;
        Some(Figures {
            releases: releases.count(),
            takeovers: strikes.takeovers(),
            resident_kib: (at_start, replicas.resident_kib()),
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn forty_watches_get_each_release_once_although_replicas_die_and_hang() {
    let load = Load {
        watches: 40,
        lease: Duration::from_secs(2),
        every: Duration::from_millis(300),
        strike_after: Duration::from_secs(2),
        lasts: Duration::from_secs(28),
    };
    let Some(figures) = load.run().await else {
        return;
    };
    let count = &figures.releases;
    assert!(count.pushed >= 20, "{figures}");
    assert_eq!(count.deployed, count.pushed, "{figures}");
    assert_eq!((count.twice, count.lost), (0, 0), "{figures}");
    let Takeovers { killed, hung } = &figures.takeovers;
    assert!(killed.len() >= 2 && !hung.is_empty(), "{figures}");
    // A lease, the renewal at which it is claimed, and what a machine with other work takes to notice.
    let limit = load.lease + load.lease / 5 + Duration::from_secs(2);
    assert!(
        killed.iter().all(|takeover| *takeover <= limit),
        "{figures}"
    );
    // What hangs may also hold a lock, which the database takes from it after a while.
    let limit = Duration::from_secs(20);
    assert!(hung.iter().all(|takeover| *takeover <= limit), "{figures}");
}

/// `make soak` runs it, for as many seconds as it says, and prints what came of it.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes as long as it is told to"]
async fn soak() {
    let seconds = std::env::var_os("REGISTRYWATCHER_SOAK_SECONDS");
    let seconds = seconds.map_or(60, |seconds| seconds.to_str().unwrap().parse().unwrap());
    let load = Load {
        watches: 200,
        lease: Duration::from_secs(3),
        every: Duration::from_millis(200),
        strike_after: Duration::from_secs(2),
        lasts: Duration::from_secs(seconds),
    };
    if let Some(figures) = load.run().await {
        println!("{figures}");
        let count = &figures.releases;
        assert_eq!(count.deployed, count.pushed);
        assert_eq!((count.twice, count.lost), (0, 0));
    }
}
