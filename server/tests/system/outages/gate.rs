use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tokio::io::copy_bidirectional;
use tokio::net::{UnixListener, UnixStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::databases::Database;

/// The name that Postgres gives to its socket.
const SOCKET: &str = ".s.PGSQL.5432";

/// A socket before that of Postgres, which can be taken away as if the server was gone, although other tests use it.
pub(crate) struct Gate {
    server: PathBuf,
    folder: TempDir,
    url: String,
    serving: JoinHandle<()>,
}

impl Gate {
    pub(crate) fn before(database: &Database) -> Self {
        let (_, host) = database.url().split_once("host=").unwrap();
        let host = host.split('&').next().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let server = Path::new(host).join(SOCKET);
        let url = database
            .url()
            .replace(host, &folder.path().display().to_string());
        let serving = serve(folder.path(), server.clone());
        Self {
            server,
            folder,
            url,
            serving,
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Cuts every connection, and accepts none.
    pub(crate) async fn close(&mut self) {
        self.serving.abort();
        let _ = (&mut self.serving).await;
        std::fs::remove_file(self.folder.path().join(SOCKET)).unwrap();
    }

    pub(crate) fn open(&mut self) {
        self.serving = serve(self.folder.path(), self.server.clone());
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn serve(folder: &Path, server: PathBuf) -> JoinHandle<()> {
    let listener = UnixListener::bind(folder.join(SOCKET)).unwrap();
    tokio::spawn(async move {
        // Dropped with this task, and with it every connection.
        let mut connections = JoinSet::new();
        while let Ok((mut client, _)) = listener.accept().await {
            let server = server.clone();
            connections.spawn(async move {
                if let Ok(mut server) = UnixStream::connect(server).await {
                    let _ = copy_bidirectional(&mut client, &mut server).await;
                }
            });
        }
    })
}
