//! What a client without any HTTP library gets out of a server: the limit.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::service::{Content, Published};

/// Sends fixed requests over connections that are kept.
#[derive(Debug)]
pub(crate) struct RawLoader {
    address: SocketAddr,
    requests: Arc<[Box<[u8]>]>,
}

impl RawLoader {
    /// A loader that asks for the digest of each wanted tag of `content`, in turn.
    pub(crate) fn of_digests(content: &Content) -> anyhow::Result<Self> {
        let host = &content.host;
        let request = |image: &Published| -> Box<[u8]> {
            let Published { path, tag, .. } = image;
            let text = format!(
                "HEAD /v2/{path}/manifests/{tag} HTTP/1.1\r\n\
                 Host: {host}\r\n\
                 Accept: application/vnd.oci.image.index.v1+json, \
                 application/vnd.oci.image.manifest.v1+json\r\n\r\n"
            );
            text.into_bytes().into()
        };
        Ok(Self {
            address: host.parse()?,
            requests: content.images.iter().map(request).collect(),
        })
    }

    /// A loader that gets documents in turn, as whom `token` names.
    pub(crate) fn of_documents(
        address: SocketAddr,
        paths: impl Iterator<Item = String>,
        token: &str,
    ) -> Self {
        let request = |path: String| -> Box<[u8]> {
            let text = format!(
                "GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\r\n"
            );
            text.into_bytes().into()
        };
        Self {
            address,
            requests: paths.map(request).collect(),
        }
    }

    /// Sends `count` requests over `connections` connections.
    pub(crate) async fn load(&self, count: usize, connections: usize) -> anyhow::Result<()> {
        let sent = Arc::new(AtomicUsize::new(0));
        let mut loaders = JoinSet::new();
        for _ in 0..connections {
            let (requests, sent) = (Arc::clone(&self.requests), Arc::clone(&sent));
            let mut connection = Connection::open(self.address).await?;
            loaders.spawn(async move {
                loop {
                    let index = sent.fetch_add(1, Ordering::Relaxed);
                    if index >= count {
                        return anyhow::Ok(());
                    }
                    connection.ask(&requests[index % requests.len()]).await?;
                }
            });
        }
        while let Some(ended) = loaders.join_next().await {
            ended??;
        }
        Ok(())
    }

    /// The body of the answer to the first request.
    pub(crate) async fn body(&self) -> anyhow::Result<Vec<u8>> {
        let mut connection = Connection::open(self.address).await?;
        Ok(connection.ask(&self.requests[0]).await?.to_vec())
    }
}

struct Connection {
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Connection {
    async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            answer: vec![0; 16 << 10],
        })
    }

    /// Sends a request, and gives the body of its answer.
    async fn ask(&mut self, request: &[u8]) -> anyhow::Result<&[u8]> {
        self.stream.write_all(request).await?;
        let has_body = !request.starts_with(b"HEAD ");
        let mut length = 0;
        loop {
            let read = self.stream.read(&mut self.answer[length..]).await?;
            ensure!(read > 0, "the server broke off, or its answer is too long");
            length += read;
            if let Some(head) = head_of(&self.answer[..length])? {
                let body = if has_body {
                    content_length(&self.answer[..head])?
                } else {
                    0
                };
                if length == head + body {
                    return Ok(&self.answer[head..length]);
                }
            }
        }
    }
}

/// How long the head of an answer is, once it is there as a whole.
fn head_of(answer: &[u8]) -> anyhow::Result<Option<usize>> {
    const END: &[u8] = b"\r\n\r\n";
    // Where there is no body, the end is at the end.
    let head = if answer.ends_with(END) {
        Some(answer.len())
    } else {
        let end = answer.windows(END.len()).position(|window| window == END);
        end.map(|end| end + END.len())
    };
    ensure!(
        head.is_none() || answer.starts_with(b"HTTP/1.1 200 "),
        "the server refuses: {}",
        String::from_utf8_lossy(answer)
    );
    Ok(head)
}

fn content_length(head: &[u8]) -> anyhow::Result<usize> {
    let lines = std::str::from_utf8(head)?.lines();
    let mut fields = lines.filter_map(|line| line.split_once(": "));
    let length = fields.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    Ok(length.context("an answer without a length")?.1.parse()?)
}
