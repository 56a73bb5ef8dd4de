//! The [`Store`](registrywatcher::ports::Store) port over SQLite and Postgres.
//!
//! A step is one transaction. Watches and the restraints are guarded by versions, active deployments by a partial unique
//! index over their unit, and the order of events by an advisory lock; nothing relies on a lock in memory, so replicas may
//! share one Postgres. On SQLite every transaction that writes begins as `IMMEDIATE`, for one that first reads and then
//! writes would fail at once where another one writes.

mod commit;
mod connect;
mod entity;
mod error;
mod file_lock;
mod leases;
mod read;
mod restraints;
mod sessions;
mod sinks;
mod sql;
mod store;
mod stored;
mod tag_log;
mod tokens;
mod transaction;
mod url;

pub use connect::StoreOptions;
pub use file_lock::FileLock;
pub use registrywatcher_migrations::Status as MigrationStatus;
pub use store::SeaOrmStore;
pub use url::{ParseStoreUrlError, StoreUrl};
