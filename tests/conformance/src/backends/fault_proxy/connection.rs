use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::watch;

use super::{Fault, Server, reset};

/// How much is read at once.
const CHUNK: usize = 16 * 1024;

/// How often something trickles through.
const TRICKLES_PER_SECOND: usize = 10;

/// A connection of a client.
pub(super) struct Connection {
    pub(super) client: TcpStream,
    pub(super) server: Arc<Server>,
    pub(super) faults: watch::Receiver<Fault>,
}

/// How a connection ends.
enum End {
    Closed,
    Reset,
}

impl Connection {
    pub(super) async fn serve(self) {
        let Self {
            mut client,
            server,
            mut faults,
        } = self;
        let hangs = |fault: &Fault| *fault == Fault::Hang;
        // The error is that the proxy is gone.
        if faults.wait_for(|fault| !hangs(fault)).await.is_err() {
            return;
        }
        let passed = match &*server {
            Server::Tcp(address) => match TcpStream::connect(address).await {
                Ok(server) => pass(&mut client, server, faults).await,
                Err(_) => return,
            },
            Server::Unix(path) => match UnixStream::connect(path).await {
                Ok(server) => pass(&mut client, server, faults).await,
                Err(_) => return,
            },
        };
        if let End::Reset = passed {
            reset(&client);
        }
    }
}

async fn pass(
    client: &mut TcpStream,
    server: impl AsyncRead + AsyncWrite,
    faults: watch::Receiver<Fault>,
) -> End {
    let _ = client.set_nodelay(true);
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = tokio::io::split(server);
    tokio::select! {
        end = answers(from_server, to_client, faults.clone()) => end,
        error = requests(from_client, to_server, faults) => match error {},
    }
}

/// Passes requests on until the answers end.
async fn requests(
    from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    faults: watch::Receiver<Fault>,
) -> Infallible {
    let _ = pass_requests(from, &mut to, faults).await;
    // The server is told, and may still answer.
    let _ = to.shutdown().await;
    std::future::pending().await
}

async fn pass_requests(
    mut from: impl AsyncRead + Unpin,
    to: &mut (impl AsyncWrite + Unpin),
    mut faults: watch::Receiver<Fault>,
) -> io::Result<()> {
    let mut buffer = vec![0; CHUNK];
    loop {
        let read = from.read(&mut buffer).await?;
        if read == 0 {
            return Ok(());
        }
        let passes = faults.wait_for(|fault| *fault != Fault::Hang).await;
        passes.map_err(io::Error::other)?;
        to.write_all(&buffer[..read]).await?;
    }
}

/// Passes answers on, as the fault of the moment lets them.
async fn answers(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut faults: watch::Receiver<Fault>,
) -> End {
    let mut buffer = vec![0; CHUNK];
    let mut passed = 0;
    loop {
        let fault = *faults.borrow_and_update();
        let room = match fault {
            Fault::None => CHUNK,
            Fault::Refuse | Fault::Hang => 0,
            Fault::Reset { after } if passed >= after => return End::Reset,
            Fault::Truncate { after } if passed >= after => return End::Closed,
            Fault::Reset { after } | Fault::Truncate { after } => CHUNK.min(after - passed),
            Fault::Slow { bytes_per_second } => {
                (bytes_per_second / TRICKLES_PER_SECOND).clamp(1, CHUNK)
            }
        };
        tokio::select! {
            biased;
            changed = faults.changed() => {
                if changed.is_err() {
                    return End::Closed;
                }
                passed = 0;
            }
            read = from.read(&mut buffer[..room]), if room > 0 => {
                let Ok(read @ 1..) = read else { return End::Closed };
                if to.write_all(&buffer[..read]).await.is_err() {
                    return End::Closed;
                }
                passed += read;
                if let Fault::Slow { .. } = fault {
                    let pause = Duration::from_secs(1) / u32::try_from(TRICKLES_PER_SECOND).unwrap_or(1);
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }
}
