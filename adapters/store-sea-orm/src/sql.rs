//! What the query builder cannot say: statements over a whole list, and the database's clock.

use registrywatcher::ports::StoreError;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, QueryResult, Statement, TryGetable, Value,
};

use crate::error::of_statement;

/// The same statements for both databases, with what is spelled differently put in.
///
/// A list is one parameter, JSON: databases limit how many parameters a statement has.
#[derive(Clone, Copy)]
pub(crate) struct Sql<'a>(pub(crate) &'a DatabaseTransaction);

impl Sql<'_> {
    pub(crate) fn is_postgres(self) -> bool {
        self.0.get_database_backend() == DbBackend::Postgres
    }

    /// Milliseconds since 1970 by the database's clock, at the moment and not at the beginning of the transaction.
    pub(crate) fn now(self) -> &'static str {
        if self.is_postgres() {
            "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)"
        } else {
            "CAST(round(unixepoch('subsec') * 1000) AS integer)"
        }
    }

    /// A table of the texts in the list that is parameter `n`; its column is `value`.
    pub(crate) fn texts(self, n: u8) -> String {
        if self.is_postgres() {
            format!("json_array_elements_text(CAST(${n} AS json)) AS list(value)")
        } else {
            format!("json_each(${n}) AS list")
        }
    }

    /// A table of the objects in the list that is parameter `n`; its column is `value`.
    pub(crate) fn objects(self, n: u8) -> String {
        if self.is_postgres() {
            format!("json_array_elements(CAST(${n} AS json)) AS list(value)")
        } else {
            format!("json_each(${n}) AS list")
        }
    }

    /// `clause` where there are locks of rows: on SQLite a transaction that writes is alone.
    pub(crate) fn locking(self, clause: &'static str) -> &'static str {
        if self.is_postgres() { clause } else { "" }
    }

    /// Keeps Postgres from going through a list once for each row of a table, as it does where it takes both for short: it
    /// cannot know how long a list is, nor a table that has just grown.
    pub(crate) async fn expect_long_lists(self) -> Result<(), StoreError> {
        if self.is_postgres() {
            self.execute("SET LOCAL enable_nestloop = off", []).await?;
        }
        Ok(())
    }

    pub(crate) async fn execute(
        self,
        sql: impl Into<String>,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<u64, StoreError> {
        let done = self.0.execute_raw(self.statement(sql, values)).await;
        Ok(done.map_err(of_statement)?.rows_affected())
    }

    pub(crate) async fn query_one(
        self,
        sql: impl Into<String>,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<Option<QueryResult>, StoreError> {
        let found = self.0.query_one_raw(self.statement(sql, values)).await;
        found.map_err(of_statement)
    }

    /// The only column of each row.
    pub(crate) async fn column<T: TryGetable>(
        self,
        sql: impl Into<String>,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<T>, StoreError> {
        let rows = self.0.query_all_raw(self.statement(sql, values)).await;
        let rows = rows.map_err(of_statement)?;
        let cells = rows.iter().map(|row| row.try_get_by_index(0));
        cells.collect::<Result<_, _>>().map_err(of_statement)
    }

    fn statement(
        self,
        sql: impl Into<String>,
        values: impl IntoIterator<Item = Value>,
    ) -> Statement {
        Statement::from_sql_and_values(self.0.get_database_backend(), sql.into(), values)
    }
}
