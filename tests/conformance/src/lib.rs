//! One suite per port, run over every adapter, fake and real.
//!
//! Each bullet of a port's `# Contract` is one public function here, under the same sentence. A suite's macro turns them
//! into one named test each, so that a failure reads as the clause that was broken:
//!
//! ```text
//! registrywatcher_conformance::store_suite!(harness);   // `harness` is an `async fn() -> impl StoreHarness`
//! ```
//!
//! A *harness* gives a fresh adapter and the few moves from outside that a suite needs, such as publishing a tag.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a suite is a test: it fails by panicking"
)]

pub mod backends;
pub mod clock;
pub mod credentials;
pub mod deployer;
pub mod ids;
pub mod notifier;
pub mod registry;
pub mod samples;
pub mod sessions;
pub mod store;
pub mod tokens;
