//! Connections, and what a client may do before it has sent a request.
//!
//! The server of the framework waits for ever for a client that connects and sends nothing, or one letter a minute; here each
//! has a limited time, and a limited space.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use poem::http::Request;
use poem::http::uri::Scheme;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Endpoint};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// How long the head of a request may take to arrive, and how long a connection is kept without any.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// How many headers a request may have.
const MOST_HEADERS: usize = 64;

/// How large the head of a request may be.
const LARGEST_HEAD: u16 = 32 << 10;

/// How many requests a client may have open on one connection.
const MOST_REQUESTS_AT_ONCE: u32 = 100;

/// How often a connection with many requests is asked whether it is still there.
const BETWEEN_PINGS: Duration = Duration::from_secs(30);

/// When to accept again if no connection can be accepted, for example because too many files are open.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves `endpoint` until `stop`, and then for no longer than `grace` what was begun.
pub(crate) async fn serve(
    listener: TcpListener,
    endpoint: impl Endpoint + 'static,
    stop: impl Future<Output = ()>,
    grace: Duration,
) {
    let endpoint = Arc::new(endpoint);
    let builder = Arc::new(builder());
    let open = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, from)) => {
                    let (builder, endpoint) = (Arc::clone(&builder), Arc::clone(&endpoint));
                    let watcher = open.watcher();
                    connections.spawn(async move {
                        let connection = Connection { stream, from, endpoint };
                        connection.serve(&builder, watcher).await;
                    });
                }
                Err(error) => {
                    tracing::warn!("no connection can be accepted: {error}");
                    sleep(PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    if timeout(grace, open.shutdown()).await.is_err() {
        tracing::warn!("requests are broken off: they take longer than allowed");
    }
    connections.shutdown().await;
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_headers(MOST_HEADERS)
        .max_buf_size(usize::from(LARGEST_HEAD));
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(BETWEEN_PINGS)
        .max_header_list_size(u32::from(LARGEST_HEAD))
        .max_concurrent_streams(MOST_REQUESTS_AT_ONCE);
    builder
}

struct Connection<E> {
    stream: TcpStream,
    from: SocketAddr,
    endpoint: Arc<E>,
}

impl<E: Endpoint + 'static> Connection<E> {
    async fn serve(self, builder: &Builder<TokioExecutor>, watcher: Watcher) {
        // Events are small, and nobody wants to wait until there are more of them.
        let _ = self.stream.set_nodelay(true);
        let local = self.stream.local_addr().map(Addr::from);
        let local = LocalAddr(local.unwrap_or_else(|_| Addr::custom("tcp", "unknown")));
        let remote = RemoteAddr(Addr::from(self.from));
        let begun = Arc::new(Notify::new());
        let has_begun = Arc::clone(&begun);
        let endpoint = self.endpoint;
        let service = service_fn(move |request: Request<Incoming>| {
            begun.notify_one();
            let (local, remote) = (local.clone(), remote.clone());
            let request = poem::Request::from((request, local, remote, Scheme::HTTP));
            let endpoint = Arc::clone(&endpoint);
            async move {
                let answer = endpoint.get_response(request).await;
                Ok::<_, Infallible>(hyper::Response::from(answer))
            }
        });
        let connection = builder.serve_connection(TokioIo::new(self.stream), service);
        tokio::select! {
            served = watcher.watch(connection) => if let Err(error) = served {
                tracing::debug!("a connection broke: {error}");
            },
            // What is timed later is only the head of a request of which it is known how it is written.
            () = says_nothing(&has_begun) => tracing::debug!("a connection sent no request"),
        }
    }
}

/// Returns if no first request arrives in time.
async fn says_nothing(has_begun: &Notify) {
    if timeout(HEAD_TIMEOUT, has_begun.notified()).await.is_ok() {
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests;
