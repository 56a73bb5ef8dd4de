//! The Store port over SQLite and PostgreSQL.
