//! The suite of the Clock port: [`clock_suite!`](crate::clock_suite).

#![expect(
    clippy::missing_panics_doc,
    reason = "a clause panics where its contract is broken"
)]

use std::time::Duration;

use chrono::SubsecRound;
use registrywatcher::ports::Clock;

/// How often the clock is read; often enough that a coarse one ticks in between.
const READINGS: usize = 10_000;

/// Monotonic time never goes back.
pub fn monotonic_time_never_goes_back(clock: &impl Clock) {
    let mut last = Duration::ZERO;
    for _ in 0..READINGS {
        let now = clock.monotonic();
        assert!(now >= last, "{now:?} comes after {last:?}");
        last = now;
    }
}

/// Wall time has microseconds at most, so that what is stored reads back equal.
pub fn wall_time_has_microseconds_at_most(clock: &impl Clock) {
    for _ in 0..READINGS {
        let now = clock.now();
        assert_eq!(
            now,
            now.trunc_subsecs(6),
            "nothing is finer than a microsecond"
        );
    }
}

/// Runs every clause of the Clock port's contract over an adapter, one named test each.
///
/// `$clock` is the path of a `fn() -> impl Clock`.
#[macro_export]
macro_rules! clock_suite {
    ($clock:path) => {
        #[test]
        fn monotonic_time_never_goes_back() {
            $crate::clock::monotonic_time_never_goes_back(&$clock());
        }

        #[test]
        fn wall_time_has_microseconds_at_most() {
            $crate::clock::wall_time_has_microseconds_at_most(&$clock());
        }
    };
}
