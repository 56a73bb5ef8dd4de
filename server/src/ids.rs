//! Identities that list in the order of their making.

use std::sync::{Mutex, PoisonError};

use registrywatcher::ports::Ids;
use uuid::{ContextV7, Timestamp, Uuid};

/// Makes version 7 UUIDs (RFC 9562): a time stamp, a counter within it, and randomness.
#[derive(Debug)]
pub(crate) struct TimeOrderedIds {
    last: Mutex<Last>,
}

#[derive(Debug)]
struct Last {
    id: Uuid,
    // Raises a counter within one millisecond, so that even then later ids are greater.
    context: ContextV7,
}

impl TimeOrderedIds {
    /// Goes on after `last`, also where the clock was set back since that was made.
    pub(crate) fn after(last: Uuid) -> Self {
        Self {
            last: Mutex::new(Last {
                id: last,
                context: ContextV7::new(),
            }),
        }
    }
}

impl Ids for TimeOrderedIds {
    fn next(&self) -> Uuid {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let next = Uuid::new_v7(Timestamp::now(&last.context));
        let successor = Uuid::from_u128(last.id.as_u128().saturating_add(1));
        last.id = next.max(successor);
        last.id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new() -> TimeOrderedIds {
        TimeOrderedIds::after(Uuid::nil())
    }

    registrywatcher_conformance::ids_suite!(new);

    #[test]
    fn they_go_on_after_one_that_was_made_at_a_later_time_of_day() {
        let later: Uuid = "ffffffff-ffff-7000-8000-00000000002a".parse().unwrap();
        let ids = TimeOrderedIds::after(later);
        let next = [ids.next(), ids.next()];
        assert!(later < next[0] && next[0] < next[1], "{next:?}");
        assert_eq!(next[1].get_version_num(), 7);
    }
}
