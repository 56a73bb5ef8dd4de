//! Stands between a deployer and its manager.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::task::JoinSet;

type Move = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// A proxy before a manager, which can move first when a service is about to be updated.
pub(crate) struct Between {
    address: SocketAddr,
    state: Arc<State>,
    _tasks: JoinSet<()>,
}

#[derive(Default)]
struct State {
    is_down: AtomicBool,
    /// What happens before an update, and before how many.
    first: Mutex<Option<Move>>,
    times: AtomicUsize,
    /// Whether the next update is made, and its answer lost.
    loses_answer: AtomicBool,
    updates: AtomicUsize,
}

impl Between {
    pub(crate) async fn before(socket: PathBuf) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                if shared.is_down.load(Ordering::SeqCst) {
                    continue;
                }
                let (socket, state) = (socket.clone(), Arc::clone(&shared));
                connections.spawn(async move {
                    let engine = UnixStream::connect(socket).await.expect("the engine");
                    pass(client, engine, &state).await;
                });
            }
        });
        Self {
            address,
            state,
            _tasks: tasks,
        }
    }

    /// As settings write it.
    pub(crate) fn address(&self) -> String {
        format!("tcp://{}", self.address)
    }

    /// Lets somebody else move first, before each of the next `times` updates.
    pub(crate) fn move_first<F>(&self, times: usize, first: impl Fn() -> F + Send + Sync + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let first: Move = Arc::new(move || Box::pin(first()));
        *self.state.first.lock().expect("nobody panics with it") = Some(first);
        self.state.times.store(times, Ordering::SeqCst);
    }

    /// Ends the connection once the next update is made, before its answer is passed on.
    pub(crate) fn lose_answer(&self) {
        self.state.loses_answer.store(true, Ordering::SeqCst);
    }

    /// How many updates were asked for.
    pub(crate) fn updates(&self) -> usize {
        self.state.updates.load(Ordering::SeqCst)
    }

    /// Ends all connections, and takes no more.
    pub(crate) fn go_down(&self) {
        self.state.is_down.store(true, Ordering::SeqCst);
    }
}

/// Passes requests and answers on, one after the other.
async fn pass(mut client: TcpStream, mut engine: UnixStream, state: &State) {
    let (mut request, mut answer) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        tokio::select! {
            read = client.read(&mut request) => {
                let Ok(length @ 1..) = read else { return };
                if state.is_down.load(Ordering::SeqCst) {
                    return;
                }
                let request = &request[..length];
                let is_update = is_update(request);
                if is_update {
                    state.updates.fetch_add(1, Ordering::SeqCst);
                    move_first(state).await;
                }
                if engine.write_all(request).await.is_err() {
                    return;
                }
                if is_update && state.loses_answer.swap(false, Ordering::SeqCst) {
                    let _ = engine.read(&mut answer).await;
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

fn is_update(request: &[u8]) -> bool {
    let line = request.split(|byte| *byte == b'\r').next();
    let line = line.map(String::from_utf8_lossy).unwrap_or_default();
    line.starts_with("POST ") && line.contains("/update?")
}

async fn move_first(state: &State) {
    let left = |left: usize| left.checked_sub(1);
    let ordering = Ordering::SeqCst;
    if state.times.fetch_update(ordering, ordering, left).is_ok() {
        let first = state.first.lock().expect("nobody panics with it").clone();
        first.expect("there is a move")().await;
    }
}
