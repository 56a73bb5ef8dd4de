use std::collections::VecDeque;
use std::future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The secret part of the sink's address.
pub(crate) const SECRET: &str = "T0000B0000hunter2";

/// A webhook on loopback that answers as it is told and keeps what it took.
pub(crate) struct Sink {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    server: JoinHandle<()>,
}

#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// A status line, headers, and a body.
    Status {
        status: &'static str,
        headers: String,
        body: String,
    },
    /// The connection is closed without an answer.
    Broken,
    /// The connection stays open without an answer.
    Silence,
}

#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) line: String,
    /// Names in lower case, and values.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    /// Whether it was answered with success.
    taken: bool,
}

struct State {
    /// What the next requests get, before `otherwise` does.
    next: VecDeque<Reply>,
    otherwise: Reply,
    requests: Vec<Request>,
}

impl Reply {
    pub(crate) fn ok() -> Self {
        Self::status("200 OK", "ok")
    }

    pub(crate) fn status(status: &'static str, body: &str) -> Self {
        Self::Status {
            status,
            headers: String::new(),
            body: body.to_owned(),
        }
    }

    pub(crate) fn with_header(self, name: &str, value: &str) -> Self {
        match self {
            Self::Status {
                status,
                headers,
                body,
            } => Self::Status {
                status,
                headers: format!("{headers}{name}: {value}\r\n"),
                body,
            },
            other => other,
        }
    }

    fn is_success(&self) -> bool {
        matches!(self, Self::Status { status, .. } if status.starts_with('2'))
    }
}

impl Request {
    /// The value of a header, which is there once.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut values = self.headers.iter().filter(|(known, _)| known == name);
        match (values.next(), values.next()) {
            (Some((_, value)), None) => value,
            found => panic!("one `{name}` expected, found {found:?}"),
        }
    }
}

impl Sink {
    /// A sink that takes everything.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = State {
            next: VecDeque::new(),
            otherwise: Reply::ok(),
            requests: Vec::new(),
        };
        let state = Arc::new(Mutex::new(state));
        let server = tokio::spawn(serve(listener, Arc::clone(&state)));
        Self {
            address,
            state,
            server,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/services/{SECRET}", self.address)
    }

    /// Answers the next requests with `replies`, one each, before it answers as otherwise.
    pub(crate) fn reply_next(&self, replies: impl IntoIterator<Item = Reply>) {
        self.state().next.extend(replies);
    }

    pub(crate) fn reply(&self, reply: Reply) {
        self.state().otherwise = reply;
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.state().requests.clone()
    }

    pub(crate) fn taken(&self) -> usize {
        self.state()
            .requests
            .iter()
            .filter(|request| request.taken)
            .count()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(listener: TcpListener, state: Arc<Mutex<State>>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(answer(stream, Arc::clone(&state)));
    }
}

async fn answer(stream: TcpStream, state: Arc<Mutex<State>>) {
    let mut stream = BufReader::new(stream);
    let Some(request) = read(&mut stream).await else {
        return;
    };
    let reply = {
        let mut state = state.lock().unwrap();
        let reply = state
            .next
            .pop_front()
            .unwrap_or_else(|| state.otherwise.clone());
        state.requests.push(Request {
            taken: reply.is_success(),
            ..request
        });
        reply
    };
    match reply {
        Reply::Status {
            status,
            headers,
            body,
        } => {
            let len = body.len();
            let text = format!(
                "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {len}\r\n{headers}\r\n{body}"
            );
            let _ = stream.write_all(text.as_bytes()).await;
        }
        Reply::Broken => {}
        Reply::Silence => future::pending().await,
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        stream.read_line(&mut header).await.ok()?;
        let header = header.trim_end();
        if header.is_empty() {
            break;
        }
        let (name, value) = header.split_once(": ")?;
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let len = headers
        .iter()
        .find_map(|(name, value)| (name == "content-length").then_some(value))?;
    let mut body = vec![0; len.parse().ok()?];
    stream.read_exact(&mut body).await.ok()?;
    let body = String::from_utf8(body).ok()?;
    Some(Request {
        line: line.trim_end().to_owned(),
        headers,
        body,
        taken: false,
    })
}
