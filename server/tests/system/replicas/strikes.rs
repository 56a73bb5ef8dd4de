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

/// Kills a replica every few seconds and starts it again, or lets it hang until another one has taken over.
pub(super) struct Strikes<'a> {
    fleet: &'a Fleet,
    after: Duration,
    end: Instant,
    takeovers: Takeovers,
}

/// How long it took each time until the other replica attended to everything.
#[derive(Debug, Default)]
pub(super) struct Takeovers {
    pub(super) killed: Vec<Duration>,
    pub(super) hung: Vec<Duration>,
}

/// Every so many strikes a replica hangs instead of dying.
const HANGS_EVERY: usize = 3;

impl<'a> Strikes<'a> {
    pub(super) fn new(fleet: &'a Fleet, after: Duration, end: Instant) -> Self {
        Self {
            fleet,
            after,
            end,
            takeovers: Takeovers::default(),
        }
    }

    /// Strikes until the end, and leaves both alive. In the first half each is struck in turn; then the first one lives on, so
    /// that it is known what a replica weighs that has lived for long.
    pub(super) async fn strike(&mut self, replicas: &mut Replicas) {
        let half = Instant::now() + (self.end - Instant::now()) / 2;
        let mut victim = 0;
        for strike in 1.. {
            if Instant::now() + self.after > self.end {
                break;
            }
            sleep(self.after).await;
            let struck = replicas.0[victim].take().expect("both are alive");
            let other = replicas.0[1 - victim].as_ref().expect("both are alive");
            let struck = if strike % HANGS_EVERY == 0 {
                self.suspend(struck, other).await
            } else {
                self.kill(struck, other).await
            };
            has_its_share(&struck, self.fleet.watches).await;
            replicas.0[victim] = Some(struck);
            victim = usize::from(victim == 0 || Instant::now() > half);
        }
    }

    async fn kill(&mut self, victim: Service, other: &Service) -> Service {
        let killed = Instant::now();
        victim.kill().await;
        has_all(other, self.fleet.watches).await;
        self.takeovers.killed.push(killed.elapsed());
        self.fleet.program.serve().await
    }

    async fn suspend(&mut self, victim: Service, other: &Service) -> Service {
        let suspended = Instant::now();
        victim.suspend();
        has_all(other, self.fleet.watches).await;
        self.takeovers.hung.push(suspended.elapsed());
        victim.resume();
        victim
    }

    pub(super) fn takeovers(self) -> Takeovers {
        self.takeovers
    }
}

/// To how many watches a replica attends.
async fn attended(replica: &Service) -> usize {
    let instance = replica.read("/api/v1/instance").await;
    let leases = instance["leases"].as_array().expect("they share the work");
    let is_watch = |lease: &&Value| lease["kind"] == "watch";
    leases.iter().filter(is_watch).count()
}

async fn has_all(replica: &Service, watches: usize) {
    eventually("the other one attends to everything", async || {
        (attended(replica).await == watches).then_some(())
    })
    .await;
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
