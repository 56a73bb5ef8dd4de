//! Between values of the core and cells of a row.

use std::fmt::Display;
use std::str::FromStr;

use chrono::{DateTime, SubsecRound, Utc};
use registrywatcher::ports::StoreError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::error::corrupt;

/// A row that is being understood, named in the errors.
pub(crate) struct Row {
    table: &'static str,
    key: String,
}

impl Row {
    pub(crate) fn new(table: &'static str, key: impl Display) -> Self {
        Self {
            table,
            key: key.to_string(),
        }
    }

    /// A value with a text form.
    pub(crate) fn parse<T>(&self, column: &str, text: &str) -> Result<T, StoreError>
    where
        T: FromStr<Err: Display>,
    {
        text.parse()
            .map_err(|error: T::Err| self.corrupt(column, &error))
    }

    /// A value kept as JSON.
    pub(crate) fn json<T: DeserializeOwned>(
        &self,
        column: &str,
        text: &str,
    ) -> Result<T, StoreError> {
        serde_json::from_str(text).map_err(|error| self.corrupt(column, &error))
    }

    /// A variant whose name has a column of its own, and whose data is kept as JSON.
    pub(crate) fn variant<T: DeserializeOwned>(
        &self,
        column: &str,
        tag: &str,
        name: String,
        data: &str,
    ) -> Result<T, StoreError> {
        let mut fields: Map<String, Value> = self.json(column, data)?;
        fields.insert(tag.to_owned(), Value::String(name));
        serde_json::from_value(Value::Object(fields)).map_err(|error| self.corrupt(column, &error))
    }

    /// A number that is never negative.
    pub(crate) fn count(&self, column: &str, number: i64) -> Result<u64, StoreError> {
        u64::try_from(number).map_err(|error| self.corrupt(column, &error))
    }

    pub(crate) fn small_count(&self, column: &str, number: i32) -> Result<u32, StoreError> {
        u32::try_from(number).map_err(|error| self.corrupt(column, &error))
    }

    fn corrupt(&self, column: &str, problem: &impl Display) -> StoreError {
        corrupt(
            format!("table {}, row `{}`, column {column}", self.table, self.key),
            problem,
        )
    }
}

pub(crate) fn json<T: Serialize + ?Sized>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| corrupt("a value to be stored".to_owned(), &error))
}

/// The data of a variant without its name, which has a column of its own.
pub(crate) fn variant_data<T: Serialize>(value: &T, tag: &str) -> Result<String, StoreError> {
    let mut value = serde_json::to_value(value)
        .map_err(|error| corrupt("a value to be stored".to_owned(), &error))?;
    if let Value::Object(fields) = &mut value {
        fields.remove(tag);
    }
    json(&value)
}

/// A count as databases keep it; those beyond the range are as good as its end.
pub(crate) fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// As [`number`].
pub(crate) fn small_number(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// A time as databases keep it: Postgres has no finer ones.
pub(crate) fn time(at: DateTime<Utc>) -> DateTime<Utc> {
    at.trunc_subsecs(6)
}

/// Rows as what they mean.
pub(crate) fn understood<T, M>(rows: Vec<M>) -> Result<Vec<T>, StoreError>
where
    T: TryFrom<M, Error = StoreError>,
{
    rows.into_iter().map(T::try_from).collect()
}
