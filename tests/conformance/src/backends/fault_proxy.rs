mod connection;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use connection::Connection;

/// A TCP proxy on the loopback interface that lets the network before a server fail.
///
/// Everything stops when it is dropped.
#[derive(Debug)]
pub struct FaultProxy {
    address: SocketAddr,
    server: Arc<Server>,
    faults: watch::Sender<Fault>,
    connections: Connections,
    accepting: Option<JoinHandle<()>>,
}

/// Where the server listens.
#[derive(Debug, Clone)]
pub enum Server {
    /// On a port.
    Tcp(SocketAddr),
    /// On a Unix socket.
    Unix(PathBuf),
}

/// What goes wrong on every connection, also on those that are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// The port is closed, and every connection cut.
    Refuse,
    /// Connections are accepted, and nothing passes; what waits passes once the fault is over.
    Hang,
    /// A connection is reset (RST) after so many bytes of answers since the fault began.
    Reset {
        /// How many.
        after: usize,
    },
    /// A connection is closed as if the answer was complete, after so many bytes of answers since the fault began.
    Truncate {
        /// How many.
        after: usize,
    },
    /// Answers trickle.
    Slow {
        /// How fast on each connection.
        bytes_per_second: usize,
    },
}

/// The connections that are open.
type Connections = Arc<Mutex<JoinSet<()>>>;

impl FaultProxy {
    /// Listens on a free port before `server`, and lets everything pass.
    pub async fn before(server: Server) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let mut proxy = Self {
            address: listener.local_addr()?,
            server: Arc::new(server),
            faults: watch::Sender::new(Fault::None),
            connections: Connections::default(),
            accepting: None,
        };
        proxy.accept(listener);
        Ok(proxy)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets `fault` happen from now on, in place of any other.
    pub async fn set(&mut self, fault: Fault) -> io::Result<()> {
        self.faults.send_replace(fault);
        if fault == Fault::Refuse {
            if let Some(accepting) = self.accepting.take() {
                accepting.abort();
                // Only then is the port closed.
                let _ = accepting.await;
            }
            self.cut();
        } else if self.accepting.is_none() {
            self.accept(TcpListener::bind(self.address).await?);
        }
        Ok(())
    }

    /// Cuts every open connection.
    pub fn cut(&self) {
        lock(&self.connections).abort_all();
    }

    fn accept(&mut self, listener: TcpListener) {
        let server = Arc::clone(&self.server);
        let connections = Arc::clone(&self.connections);
        let faults = self.faults.subscribe();
        self.accepting = Some(tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let connection = Connection {
                    client,
                    server: Arc::clone(&server),
                    faults: faults.clone(),
                };
                let mut open = lock(&connections);
                while open.try_join_next().is_some() {}
                open.spawn(connection.serve());
            }
        }));
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        if let Some(accepting) = &self.accepting {
            accepting.abort();
        }
        self.cut();
    }
}

fn lock(connections: &Mutex<JoinSet<()>>) -> MutexGuard<'_, JoinSet<()>> {
    connections.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets a closed connection look like a crashed one.
fn reset(client: &TcpStream) {
    // If that fails it is closed instead, which a test that waits for a reset notices.
    let _ = client.set_zero_linger();
}

#[cfg(test)]
mod tests;
