use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use registrywatcher::ports::Ids;
use uuid::Uuid;

/// Identities in the shape of UUID version 7 that count up from one, so that a test can be replayed.
///
/// Clones share one sequence.
#[derive(Debug, Clone, Default)]
pub struct SequentialIds {
    last: Arc<AtomicU64>,
}

/// A fixed time stamp, the version and the variant of RFC 9562; the sequence fills the bits after them.
const SHAPE: u128 = 0x01a3_1854_2400_7000_8000_0000_0000_0000;

impl SequentialIds {
    /// A sequence at its start.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Ids for SequentialIds {
    fn next(&self) -> Uuid {
        let number = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        Uuid::from_u128(SHAPE | u128::from(number))
    }
}
