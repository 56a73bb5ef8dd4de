//! The contracts of the Clock and Ids ports over their fakes.

use std::time::Duration;

use chrono::TimeDelta;
use registrywatcher::ports::Clock;
use registrywatcher_memory::{MemoryClock, SequentialIds};

registrywatcher_conformance::clock_suite!(finer_than_it_tells);
registrywatcher_conformance::ids_suite!(SequentialIds::new);

fn finer_than_it_tells() -> MemoryClock {
    let clock = MemoryClock::new();
    clock.advance(Duration::from_nanos(1_234_567));
    clock
}

#[test]
fn clones_of_a_clock_share_one_time() {
    let clock = MemoryClock::new();
    let before = clock.now();
    clock.clone().advance(Duration::from_secs(90));
    assert_eq!(clock.now() - before, TimeDelta::seconds(90));
    assert_eq!(clock.monotonic(), Duration::from_secs(90));
}

#[test]
fn setting_the_time_of_day_back_leaves_monotonic_time_alone() {
    let clock = MemoryClock::new();
    clock.advance(Duration::from_secs(90));
    let earlier = clock.now() - TimeDelta::hours(1);
    clock.set(earlier);
    assert_eq!(clock.now(), earlier);
    assert_eq!(clock.monotonic(), Duration::from_secs(90));
}
