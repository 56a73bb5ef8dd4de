//! What happens in one run, by its seed.

mod healing;
mod mishaps;
mod operators;
mod pushes;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::Outcome;
use crate::invariants::Invariant;
use crate::replica::Replica;
use crate::sabotage::Sabotage;
use crate::town::Town;

/// Longer than everything that goes wrong can take. Healing has a bound of its own, so each run ends in simulated time; and
/// what goes on without end takes some of that, for each call of a port may.
const MISFORTUNES: Duration = Duration::from_hours(3);

/// A town, its replicas, and its people while they are busy.
struct Play {
    town: Town,
    replicas: Vec<Replica>,
    operators: operators::Operators,
    pushes: pushes::Pushes,
    /// What is to end by itself after a while: faults, hanging.
    repairs: JoinSet<()>,
    /// How far clocks may be from each other and from the time that was stored.
    astray: Duration,
}

/// One sort of thing that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Push,
    Operator,
    Mishap,
    Fault,
    End,
}

/// How often each sort happens, out of all.
const SORTS: [(Sort, usize); 5] = [
    (Sort::Push, 10),
    (Sort::Operator, 10),
    (Sort::Mishap, 5),
    (Sort::Fault, 7),
    (Sort::End, 5),
];

/// Plays one run from its seed to its end, or to the first promise that is broken.
pub(crate) async fn play(seed: u64, sabotage: Option<Sabotage>, traced: bool) -> Outcome {
    let town = Town::found(seed, sabotage, traced);
    let (lives, has_breaker) = (Arc::new(AtomicUsize::new(0)), town.chance.one_in(3));
    let replica = |_| Replica::start(&town, &lives, has_breaker);
    let mut play = Play {
        replicas: (0..2).map(replica).collect(),
        operators: operators::Operators::default(),
        pushes: pushes::Pushes::default(),
        repairs: JoinSet::new(),
        astray: Duration::ZERO,
        town,
    };
    if timeout(MISFORTUNES, play.go_wrong()).await.is_err() {
        let problem = "the schedule waits for something that does not happen".to_owned();
        play.town.ledger().judge(Invariant::I7, Err(problem));
    }
    if !play.is_broken() {
        play.heal().await;
    }
    let ledger = play.town.ledger();
    Outcome {
        seed,
        violation: ledger.violation().cloned(),
        trace: play.town.trace.lines(),
        tally: ledger.tally,
    }
}

impl Play {
    fn is_broken(&self) -> bool {
        self.town.ledger().violation().is_some()
    }

    /// Lets one thing after the other happen. Each run leaves some sorts out, so that the others meet undisturbed.
    async fn go_wrong(&mut self) {
        let chance = self.town.chance.clone();
        let happens = |(sort, weight): (Sort, usize)| {
            let is_left_out = sort != Sort::Push && chance.one_in(5);
            std::iter::repeat_n(sort, if is_left_out { 0 } else { weight })
        };
        let sorts: Vec<Sort> = SORTS.into_iter().flat_map(happens).collect();
        // Let it come up undisturbed, mostly.
        if !chance.one_in(4) {
            sleep(Duration::from_secs(10)).await;
        }
        for _ in 0..45 + chance.below(35) {
            let sort = chance.pick(&sorts).copied().unwrap_or(Sort::Push);
            match sort {
                Sort::Push => self.push(),
                Sort::Operator => self.command(),
                Sort::Mishap => self.mishap(),
                Sort::Fault => self.fault(),
                Sort::End => self.end_a_life(),
            }
            sleep(self.gap()).await;
            if self.is_broken() {
                return;
            }
        }
    }

    /// Things come in bursts, with quiet times between them.
    fn gap(&self) -> Duration {
        let chance = &self.town.chance;
        match chance.below(10) {
            0..4 => chance.millis(1, 2_000),
            4..9 => chance.seconds(2, 24),
            _ => chance.seconds(40, 90),
        }
    }

    /// Does `repair` some time from now.
    fn later(&mut self, most_seconds: u64, repair: impl FnOnce() + Send + 'static) {
        let wait = self.town.chance.seconds(2, most_seconds);
        self.repairs.spawn(async move {
            sleep(wait).await;
            repair();
        });
    }

    fn any_replica(&self) -> &Replica {
        &self.replicas[self.town.chance.below(self.replicas.len())]
    }
}
