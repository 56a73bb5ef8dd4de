//! What connecting leaves in the log.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use registrywatcher_conformance::backends::Postgres;
use registrywatcher_store_sea_orm::{SeaOrmStore, StoreOptions};
use tracing_subscriber::fmt::MakeWriter;

/// A log that is kept in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn the_most_talkative_log_holds_migrations_but_neither_statements_nor_the_password() {
    let Some(postgres) = Postgres::start() else {
        return;
    };
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(log.clone())
        .finish();
    // The runtime of this test has one thread, which the guard covers.
    let guard = tracing_subscriber::util::SubscriberInitExt::set_default(subscriber);
    let url = postgres.create_database();
    assert!(url.contains("hunter2"), "there is a password to leak");
    let store = SeaOrmStore::connect(&url.parse().unwrap(), &StoreOptions::default())
        .await
        .unwrap();
    store.migrate().await.unwrap();
    drop(guard);

    let written = log.0.lock().unwrap();
    let written = String::from_utf8_lossy(&written);
    assert!(written.contains("create_tables"), "{written}");
    assert!(!written.contains("hunter2"), "{written}");
    assert!(!written.contains("CREATE TABLE"), "{written}");
}
