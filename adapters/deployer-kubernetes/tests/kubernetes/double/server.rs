use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use poem::http::StatusCode;
use poem::listener::TcpAcceptor;
use poem::{Request, Response};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::State;
use super::api::{Answer, Asked};

type Running = (oneshot::Sender<()>, JoinHandle<std::io::Result<()>>);

/// Serves the state on a port of the loopback interface.
pub(super) struct Server {
    address: std::net::SocketAddr,
    running: Mutex<Option<Running>>,
}

impl Server {
    pub(super) async fn start(state: Arc<Mutex<State>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port of the loopback interface is free");
        let address = listener.local_addr().expect("it is bound");
        let acceptor = TcpAcceptor::from_tokio(listener).expect("it can be served");
        let endpoint = poem::endpoint::make(move |request: Request| {
            let state = Arc::clone(&state);
            async move { Ok::<_, poem::Error>(answer(&state, request).await) }
        });
        let (stop, stopped) = oneshot::channel();
        let serving = poem::Server::new_with_acceptor(acceptor).run_with_graceful_shutdown(
            endpoint,
            async {
                let _ = stopped.await;
            },
            Some(Duration::ZERO),
        );
        Self {
            address,
            running: Mutex::new(Some((stop, tokio::spawn(serving)))),
        }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Closes the port and cuts every connection.
    pub(super) async fn stop(&self) {
        let running = self
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some((stop, served)) = running {
            let _ = stop.send(());
            let _ = served.await;
        }
    }
}

async fn answer(state: &Mutex<State>, mut request: Request) -> Response {
    let header = |name: &str| {
        let value = request.headers().get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned()
    };
    let asked = Asked {
        method: request.method().to_string(),
        uri: request.uri().to_string(),
        content_type: header("content-type"),
        authorization: header("authorization"),
        body: request.take_body().into_vec().await.unwrap_or_default(),
    };
    let Answer {
        code,
        retry_after,
        body,
    } = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        state.answer(&asked)
    };
    let mut response = Response::builder()
        .status(StatusCode::from_u16(code).expect("a status"))
        .content_type("application/json");
    if let Some(seconds) = retry_after {
        response = response.header("retry-after", seconds);
    }
    response.body(body.to_string())
}
