//! Nothing that is promised breaks, whatever happens.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use registrywatcher_simulation::{Outcome, run, run_and_explain};

const SEEDS: u64 = 2_000;
const THREADS: usize = 2;

#[test]
fn two_thousand_seeds_break_nothing() {
    let next = AtomicU64::new(0);
    let search = || {
        std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed))
            .take_while(|seed| *seed < SEEDS)
            .map(|seed| run_and_explain(seed, None))
            .find(|outcome| outcome.violation.is_some())
    };
    let broken: Vec<Outcome> = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(search)).collect();
        let found = threads.into_iter().map(|thread| thread.join().unwrap());
        found.flatten().collect()
    });
    if let Some(outcome) = broken.first() {
        panic!("{}", outcome.tell());
    }
}

#[test]
fn a_seed_does_the_same_again_whatever_ran_before() {
    let first = run(1, None, true);
    run(2, None, false);
    let again = run(1, None, true);
    assert_eq!(again.trace, first.trace);
    assert_eq!(run(1, None, false).tally, first.tally);
    assert_ne!(run(3, None, true).trace, first.trace);
}

#[test]
fn runs_are_eventful() {
    let tallies: Vec<_> = (0..20).map(|seed| run(seed, None, false).tally).collect();
    let least = |count: fn(&registrywatcher_simulation::Tally) -> usize| {
        tallies.iter().map(count).sum::<usize>() / tallies.len()
    };
    assert!(least(|tally| tally.rollouts) > 10);
    assert!(least(|tally| tally.commits) > 60);
    assert!(least(|tally| tally.deliveries) > 80);
    assert!(least(|tally| tally.ends) > 2);
}
