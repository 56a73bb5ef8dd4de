//! As much of an HTTP server as the tests need, and no more politeness than that.

use std::future;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// Such as `POST /hook`.
    pub(crate) line: String,
    /// Names in lower case, and values.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
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

#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// A status line, headers, and a body.
    Status {
        status: u16,
        headers: String,
        body: String,
    },
    /// The connection is closed without an answer.
    Broken,
    /// The connection is closed in the middle of the body.
    Cut,
    /// The connection stays open without an answer.
    Silence,
}

impl Reply {
    pub(crate) fn status(status: u16, body: &str) -> Self {
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
}

/// Serves on a port of loopback until it is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    task: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(handler: impl Fn(Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let handler = Arc::new(handler);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let handler = Arc::clone(&handler);
                tokio::spawn(async move { answer(stream, &*handler).await });
            }
        });
        Self { address, task }
    }

    /// Stops listening.
    pub(crate) async fn stop(&mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(stream: TcpStream, handler: &(impl Fn(Request) -> Reply + Sync)) {
    let mut stream = BufReader::new(stream);
    let Some(request) = read(&mut stream).await else {
        return;
    };
    let (text, sent) = match handler(request) {
        Reply::Status {
            status,
            headers,
            body,
        } => {
            let len = body.len();
            let head = format!("HTTP/1.1 {status} \r\nconnection: close\r\n");
            let text = match status {
                204 | 304 => format!("{head}{headers}\r\n"),
                _ => format!("{head}content-length: {len}\r\n{headers}\r\n{body}"),
            };
            let len = text.len();
            (text, len)
        }
        Reply::Cut => {
            let text = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"status\"".to_owned();
            let len = text.len();
            (text, len)
        }
        Reply::Broken => return,
        Reply::Silence => future::pending().await,
    };
    let _ = stream.write_all(&text.as_bytes()[..sent]).await;
    let _ = stream.shutdown().await;
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
        .find_map(|(name, value)| (name == "content-length").then(|| value.parse().ok()))
        .flatten()
        .unwrap_or(0);
    let mut body = vec![0; len];
    stream.read_exact(&mut body).await.ok()?;
    Some(Request {
        line: line.trim_end().trim_end_matches(" HTTP/1.1").to_owned(),
        headers,
        body: String::from_utf8(body).ok()?,
    })
}
