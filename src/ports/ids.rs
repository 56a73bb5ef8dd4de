//! Making identities.

use uuid::Uuid;

/// Makes identities.
///
/// # Contract
///
/// Checked by `registrywatcher_conformance::ids_suite!`:
///
/// - No two identities are equal.
/// - Later identities are greater, so that they list in the order of their making.
pub trait Ids: Send + Sync {
    /// A new identity.
    fn next(&self) -> Uuid;
}
