//! Ends the connection to the engine at a chosen change, as a crash of ours would.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::task::JoinSet;

/// A proxy that lets so many changes pass, and then nothing any more.
pub(crate) struct Gate {
    address: SocketAddr,
    /// How many changes may still pass.
    left: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

/// At which change the connection ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cut {
    /// How many changes pass before.
    pub(crate) after: usize,
    /// Whether that change is made, and only its answer is lost.
    pub(crate) is_made: bool,
}

impl Gate {
    pub(crate) async fn before(socket: PathBuf, cut: Cut) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let left = Arc::new(AtomicUsize::new(cut.after + 1));
        let mut tasks = JoinSet::new();
        let counter = Arc::clone(&left);
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let (socket, left) = (socket.clone(), Arc::clone(&counter));
                connections.spawn(async move {
                    let engine = UnixStream::connect(socket).await.expect("the engine");
                    pass(client, engine, &left, cut.is_made).await;
                });
            }
        });
        Self {
            address,
            left,
            _tasks: tasks,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether the change at which the connection ends has come.
    pub(crate) fn has_cut(&self) -> bool {
        self.left.load(Ordering::SeqCst) == 0
    }
}

/// Passes requests and answers on, one after the other, until the last change.
async fn pass(mut client: TcpStream, mut engine: UnixStream, left: &AtomicUsize, is_made: bool) {
    let (mut request, mut answer) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        tokio::select! {
            read = client.read(&mut request) => {
                let Ok(length @ 1..) = read else { return };
                let is_change = [&b"POST "[..], b"DELETE "].iter().any(|verb| request.starts_with(verb));
                let before = left.load(Ordering::SeqCst);
                if before == 0 {
                    return;
                }
                if is_change && left.fetch_sub(1, Ordering::SeqCst) == 1 {
                    if is_made {
                        let _ = engine.write_all(&request[..length]).await;
                        let _ = engine.read(&mut answer).await;
                    }
                    return;
                }
                if engine.write_all(&request[..length]).await.is_err() {
                    return;
                }
            }
            read = engine.read(&mut answer) => {
                let Ok(length @ 1..) = read else { return };
                if client.write_all(&answer[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}
