//! Real backends that a test starts for itself and that end with it.

mod postgres;

pub use postgres::Postgres;
