use std::fmt;
use std::path::Path;
use std::str::FromStr;

use sea_orm::sqlx;
use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::sqlite::SqliteConnectOptions;

/// Where the store is: `sqlite://path`, `sqlite::memory:`, or `postgres://user:password@host:port/name`.
///
/// Postgres URLs may carry libpq's parameters, such as `?sslmode=disable`, and name a socket's folder as `?host=/path`.
/// It may hold a password, which neither `Debug` nor `Display` show.
#[derive(Clone)]
pub struct StoreUrl(pub(crate) Backend);

#[derive(Clone)]
pub(crate) enum Backend {
    Sqlite {
        options: Box<SqliteConnectOptions>,
        in_memory: bool,
    },
    Postgres(Box<PgConnectOptions>),
}

/// Why a text is not a [`StoreUrl`]. It never repeats the text, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseStoreUrlError {
    /// Another database, or no URL at all.
    #[error(
        "the database's URL must begin with `sqlite:`, `postgres://` or `postgresql://`; special characters of a password are percent-encoded"
    )]
    UnknownScheme,
    /// A part of the URL is wrong.
    #[error("the database's URL cannot be understood: {problem}")]
    Invalid {
        /// What is wrong.
        problem: String,
    },
}

impl StoreUrl {
    /// The file of a SQLite database; `None` for one in memory and for Postgres.
    pub fn sqlite_file(&self) -> Option<&Path> {
        match &self.0 {
            Backend::Sqlite {
                options,
                in_memory: false,
            } => Some(options.get_filename()),
            _ => None,
        }
    }
}

impl FromStr for StoreUrl {
    type Err = ParseStoreUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.starts_with("sqlite:") {
            let in_memory = text.contains(":memory:") || text.contains("mode=memory");
            let options = Box::new(text.parse().map_err(invalid)?);
            return Ok(Self(Backend::Sqlite { options, in_memory }));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self(Backend::Postgres(Box::new(
                text.parse().map_err(invalid)?,
            ))));
        }
        Err(ParseStoreUrlError::UnknownScheme)
    }
}

fn invalid(error: sqlx::Error) -> ParseStoreUrlError {
    // The inner error names the part; the outer one only adds that it is about configuration.
    let problem = match error {
        sqlx::Error::Configuration(problem) => problem.to_string(),
        other => other.to_string(),
    };
    ParseStoreUrlError::Invalid { problem }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Backend::Sqlite {
                in_memory: true, ..
            } => f.write_str("sqlite::memory:"),
            Backend::Sqlite { options, .. } => {
                write!(f, "sqlite://{}", options.get_filename().display())
            }
            Backend::Postgres(options) => {
                let name = options.get_database().unwrap_or_default();
                write!(
                    f,
                    "postgres://{}:{}/{name}",
                    options.get_host(),
                    options.get_port()
                )
            }
        }
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn shows(text: &str, shown: &str) {
        assert_eq!(text.parse::<StoreUrl>().unwrap().to_string(), shown);
    }

    #[test]
    fn each_form_of_url_is_understood_and_shown_without_the_password() {
        shows("sqlite://data/state.db", "sqlite://data/state.db");
        shows(
            "sqlite:///var/lib/state.db?mode=rwc",
            "sqlite:///var/lib/state.db",
        );
        shows("sqlite::memory:", "sqlite::memory:");
        shows("sqlite://:memory:", "sqlite::memory:");
        shows(
            "postgres://rw:hunter2@db:5433/rw?sslmode=disable",
            "postgres://db:5433/rw",
        );
        shows("postgresql://rw:p%40ss@db/rw", "postgres://db:5432/rw");
        let debug = format!(
            "{:?}",
            "postgres://rw:hunter2@db/rw".parse::<StoreUrl>().unwrap()
        );
        assert_eq!(debug, "StoreUrl(postgres://db:5432/rw)");
    }

    #[test]
    fn a_url_that_is_refused_is_not_repeated() {
        let refused = [
            "mysql://rw:hunter2@db/rw",
            "rw:hunter2@db/rw",
            "postgres://rw:hunter2@db:port/rw",
            "postgres://rw:hunter2@db/rw?sslmode=sometimes",
            "postgres://rw:hunter2/more@db/rw",
            "sqlite://state.db?password=hunter2",
        ];
        for text in refused {
            let error = text.parse::<StoreUrl>().unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn only_a_database_on_disk_has_a_file() {
        let file = |text: &str| {
            text.parse::<StoreUrl>()
                .unwrap()
                .sqlite_file()
                .map(Path::to_owned)
        };
        assert_eq!(file("sqlite://state.db"), Some("state.db".into()));
        assert_eq!(file("sqlite::memory:"), None);
        assert_eq!(file("postgres://db/rw"), None);
    }
}
