//! The suite of the Ids port: [`ids_suite!`](crate::ids_suite).

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a clause panics where its contract is broken"
)]

use std::collections::BTreeSet;
use std::thread;

use registrywatcher::ports::Ids;

/// How many identities are made; far more than fit into one millisecond's turn of a clock.
const MADE: usize = 10_000;

/// No two identities are equal.
pub fn no_two_identities_are_equal(ids: &impl Ids) {
    let made: Vec<_> = thread::scope(|scope| {
        let makers: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| (0..MADE).map(|_| ids.next()).collect::<Vec<_>>()))
            .collect();
        makers
            .into_iter()
            .flat_map(|maker| maker.join().expect("a maker does not panic"))
            .collect()
    });
    assert_eq!(
        made.iter().collect::<BTreeSet<_>>().len(),
        made.len(),
        "all are different"
    );
}

/// Later identities are greater, so that they list in the order of their making.
pub fn later_identities_are_greater(ids: &impl Ids) {
    let mut last = ids.next();
    for _ in 0..MADE {
        let next = ids.next();
        assert!(next > last, "{next} comes after {last}");
        last = next;
    }
}

/// Runs every clause of the Ids port's contract over an adapter, one named test each.
///
/// `$ids` is the path of a `fn() -> impl Ids`.
#[macro_export]
macro_rules! ids_suite {
    ($ids:path) => {
        #[test]
        fn no_two_identities_are_equal() {
            $crate::ids::no_two_identities_are_equal(&$ids());
        }

        #[test]
        fn later_identities_are_greater() {
            $crate::ids::later_identities_are_greater(&$ids());
        }
    };
}
