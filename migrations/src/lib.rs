//! Migrations of the SQLite and PostgreSQL schema.
