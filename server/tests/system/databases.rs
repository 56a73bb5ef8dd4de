use std::path::Path;
use std::process::{Command, Stdio};

use registrywatcher_conformance::backends::Postgres;
use tempfile::TempDir;

/// One empty database of its own for a test.
pub(crate) struct Database {
    url: String,
    /// The file of a SQLite database, and the folder that holds it.
    file: Option<(String, TempDir)>,
}

impl Database {
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("state.db").display().to_string();
        Self {
            url: format!("sqlite://{file}"),
            file: Some((file, folder)),
        }
    }

    /// `None` where there is no Postgres, which is then printed.
    pub(crate) fn postgres() -> Option<Self> {
        let url = Postgres::start()?.create_database();
        Some(Self { url, file: None })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The folder of a SQLite database.
    pub(crate) fn folder(&self) -> &Path {
        let (_, folder) = self.file.as_ref().expect("it is a SQLite database");
        folder.path()
    }

    /// What the database's own client answers to a statement, a row a line.
    pub(crate) fn sql(&self, statement: &str) -> String {
        let mut client = if let Some((file, _)) = &self.file {
            let mut client = Command::new("sqlite3");
            client.args(["-batch", file]);
            client
        } else {
            let mut client = Command::new("psql");
            client.args(["--no-psqlrc", "-qAt", "-v", "ON_ERROR_STOP=1"]);
            client.args(["-d", &self.url, "-c"]);
            client
        };
        let answered = client
            .arg(statement)
            .stdin(Stdio::null())
            .output()
            .expect("the database's client, sqlite3 or psql, is installed");
        assert!(
            answered.status.success(),
            "{statement}: {}",
            String::from_utf8_lossy(&answered.stderr)
        );
        String::from_utf8(answered.stdout).unwrap()
    }
}

/// One test for each database of each function, which takes a [`Database`].
macro_rules! on_both_databases {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {$(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(crate::databases::Database::sqlite()).await;
            }
        )+}
        mod postgres {$(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                if let Some(database) = crate::databases::Database::postgres() {
                    super::$name(database).await;
                }
            }
        )+}
    };
}

pub(crate) use on_both_databases;
