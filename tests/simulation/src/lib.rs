//! The whole application over fakes, with paused time and a seeded schedule of everything that happens and goes wrong.
//!
//! Two replicas, each with the server's own poller, executor, deliveries and leases, share one store, one registry, one
//! orchestrator and two sinks. A seed decides what people push, ask for and break, how long each call takes, and where
//! replicas crash and hang. Each commit, rollout, delivery and look is judged at once against a `Model` that
//! knows the schedule and none of the rules; at the end everything is repaired, and what runs must be what is wanted.
//!
//! [`run`] runs one seed; the same seed does the same again, to the microsecond. A [`Sabotage`] breaks one port so that one
//! [`Invariant`] must be seen to break.

mod chance;
mod clock;
mod invariants;
mod ledger;
mod model;
mod replica;
mod sabotage;
mod schedule;
mod setting;
mod town;
mod trace;
mod version;
mod wire;

pub use invariants::{Invariant, Violation};
pub use sabotage::Sabotage;

use std::time::Duration;

/// What came of one seed.
#[derive(Debug)]
pub struct Outcome {
    /// Which it was.
    pub seed: u64,
    /// What was broken, if anything was.
    pub violation: Option<Violation>,
    /// What happened, a line each; empty unless it was asked for.
    pub trace: Vec<String>,
    /// How much happened.
    pub tally: Tally,
}

/// How much happened, to see that seeds exercise something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Steps committed to the store.
    pub commits: usize,
    /// Deployments recorded.
    pub deployments: usize,
    /// Rollouts that the orchestrator began.
    pub rollouts: usize,
    /// Events told to sinks, repetitions included.
    pub deliveries: usize,
    /// Crashes and stops of replicas.
    pub ends: usize,
    /// How long it took from the first fault repaired until everything was as wanted.
    pub healed_in: Duration,
}

impl Outcome {
    /// The whole story, for people.
    pub fn tell(&self) -> String {
        let seed = self.seed;
        let end = match &self.violation {
            Some(Violation {
                invariant,
                at,
                problem,
            }) => {
                let at = trace::stamp(*at);
                format!(
                    "seed {seed} breaks {invariant:?} ({invariant}) at {at}: {problem}\n\
                     replay it with: make simulate SEED={seed}\n"
                )
            }
            None => format!("seed {seed} breaks nothing: {:?}\n", self.tally),
        };
        format!("{}\n{end}", self.trace.join("\n"))
    }
}

/// Runs one seed; with `traced`, what happened is written down.
///
/// # Panics
///
/// If no runtime can be built.
pub fn run(seed: u64, sabotage: Option<Sabotage>, traced: bool) -> Outcome {
    // The poller's jitter comes from the generator of this thread.
    fastrand::seed(seed);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap_or_else(|problem| panic!("no runtime: {problem}"));
    runtime.block_on(schedule::play(seed, sabotage, traced))
}

/// Runs one seed, and a second time with its trace if it breaks something.
pub fn run_and_explain(seed: u64, sabotage: Option<Sabotage>) -> Outcome {
    let outcome = run(seed, sabotage, false);
    if outcome.violation.is_some() {
        run(seed, sabotage, true)
    } else {
        outcome
    }
}
