use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use poem::{Endpoint, Response, Server, listener::TcpAcceptor};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use crate::connections::{Connections, CountingAcceptor};

/// Any free port of the loopback interface.
pub(crate) const ANY_LOOPBACK: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// An HTTP server that can be stopped like a crashed machine, and started again on the address it had.
#[derive(Debug)]
pub(crate) struct Host {
    address: SocketAddr,
    connections: Arc<Connections>,
    running: Mutex<Option<Running>>,
}

#[derive(Debug)]
struct Running {
    stop: oneshot::Sender<()>,
    served: JoinHandle<io::Result<()>>,
}

impl Host {
    /// Binds `address`, so that port 0 becomes a known one before anything is served.
    pub(crate) async fn bind(address: SocketAddr) -> io::Result<(Self, TcpListener)> {
        let listener = TcpListener::bind(address).await?;
        let host = Self {
            address: listener.local_addr()?,
            connections: Arc::default(),
            running: Mutex::default(),
        };
        Ok((host, listener))
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn connections(&self) -> &Connections {
        &self.connections
    }

    pub(crate) fn serve<E>(&self, listener: TcpListener, endpoint: E) -> io::Result<()>
    where
        E: Endpoint<Output = Response> + 'static,
    {
        let acceptor = CountingAcceptor::new(
            TcpAcceptor::from_tokio(listener)?,
            Arc::clone(&self.connections),
        );
        let (stop, stopped) = oneshot::channel();
        let serving = Server::new_with_acceptor(acceptor).run_with_graceful_shutdown(
            endpoint,
            async {
                let _ = stopped.await;
            },
            Some(Duration::ZERO),
        );
        let served = tokio::spawn(serving);
        *lock(&self.running) = Some(Running { stop, served });
        Ok(())
    }

    /// Closes the port and cuts every connection; returns once nothing is served.
    pub(crate) async fn stop(&self) {
        let running = lock(&self.running).take();
        if let Some(Running { stop, served }) = running {
            let _ = stop.send(());
            let _ = served.await;
        }
    }

    /// Serves again on the same port, after [`Host::stop`].
    pub(crate) async fn restart<E>(&self, endpoint: E) -> io::Result<()>
    where
        E: Endpoint<Output = Response> + 'static,
    {
        self.stop().await;
        self.serve(TcpListener::bind(self.address).await?, endpoint)
    }
}

/// Locks also what a panicked test has left: the simulator's state is valid after every statement that can panic.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
