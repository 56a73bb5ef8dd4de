//! The store over real databases: a SQLite file, and a Postgres that the test starts.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod conformance;
mod databases;
mod faults;
mod go_import;
mod migrating;
mod sharing;
mod traps;
