use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::fleet::Fleet;
use crate::service::Service;
use crate::wait::eventually;

/// Two replicas.
pub(super) struct Replicas([Option<Service>; 2]);

impl Replicas {
    /// Starts both, and waits until they share the watches.
    pub(super) async fn start(fleet: &Fleet) -> Self {
        let [first, second] = [fleet.program.serve().await, fleet.program.serve().await];
        for replica in [&first, &second] {
            has_its_share(replica, fleet.watches).await;
            replica.ready().await;
        }
        Self([Some(first), Some(second)])
    }

    /// How much memory each has resident.
    pub(super) fn resident_kib(&self) -> [u64; 2] {
        let resident = |replica: &Option<Service>| replica.as_ref().map_or(0, resident_kib);
        [resident(&self.0[0]), resident(&self.0[1])]
    }
}

/// Kills a replica every few seconds, and starts it again.
pub(super) struct Kills<'a> {
    fleet: &'a Fleet,
    after: Duration,
    end: Instant,
    takeovers: Vec<Duration>,
}

impl<'a> Kills<'a> {
    pub(super) fn new(fleet: &'a Fleet, after: Duration, end: Instant) -> Self {
        Self {
            fleet,
            after,
            end,
            takeovers: Vec::new(),
        }
    }

    /// Strikes until the end, and leaves both alive. In the first half each dies in turn; then the first one lives on, so
    /// that it is known what a replica weighs that has lived for long.
    pub(super) async fn strike(&mut self, replicas: &mut Replicas) {
        let half = Instant::now() + (self.end - Instant::now()) / 2;
        let mut victim = 0;
        while Instant::now() + self.after < self.end {
            sleep(self.after).await;
            self.kill(victim, replicas).await;
            victim = usize::from(victim == 0 || Instant::now() > half);
        }
    }

    async fn kill(&mut self, victim: usize, replicas: &mut Replicas) {
        let replica = replicas.0[victim].take().expect("both are alive");
        let killed = Instant::now();
        replica.kill().await;
        let survivor = replicas.0[1 - victim].as_ref().expect("both are alive");
        eventually("the survivor attends to everything", async || {
            (attended(survivor).await == self.fleet.watches).then_some(())
        })
        .await;
        self.takeovers.push(killed.elapsed());
        let replica = self.fleet.program.serve().await;
        has_its_share(&replica, self.fleet.watches).await;
        replicas.0[victim] = Some(replica);
    }

    /// How long it took each time until the survivor attended to all that the other one had.
    pub(super) fn takeovers(self) -> Vec<Duration> {
        self.takeovers
    }
}

/// To how many watches a replica attends.
async fn attended(replica: &Service) -> usize {
    let watches = replica.read("/api/v1/watches").await;
    let items = watches["items"].as_array();
    let is_attended = |watch: &&Value| watch["attended"] == true;
    let items = items.expect("watches are listed");
    items.iter().filter(is_attended).count()
}

async fn has_its_share(replica: &Service, watches: usize) {
    eventually("it has its share", async || {
        (attended(replica).await * 2 >= watches).then_some(())
    })
    .await;
}

fn resident_kib(replica: &Service) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", replica.process_id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let size = line.and_then(|line| line.trim().strip_suffix(" kB"));
    size.unwrap().parse().unwrap()
}
