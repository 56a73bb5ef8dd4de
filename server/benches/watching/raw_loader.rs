//! What a client without any HTTP library gets out of a registry: the limit.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::service::Content;

/// Sends fixed requests over connections that are kept.
#[derive(Debug)]
pub(crate) struct RawLoader {
    address: SocketAddr,
    requests: Arc<[Box<[u8]>]>,
}

impl RawLoader {
    /// A loader that asks for the digest of each wanted tag of `content`, in turn.
    pub(crate) fn new(content: &Content) -> anyhow::Result<Self> {
        let request = |image: &crate::service::Published| -> Box<[u8]> {
            let (host, path, tag) = (&content.host, &image.path, &image.tag);
            let text = format!(
                "HEAD /v2/{path}/manifests/{tag} HTTP/1.1\r\n\
                 Host: {host}\r\n\
                 Accept: application/vnd.oci.image.index.v1+json, \
                 application/vnd.oci.image.manifest.v1+json\r\n\r\n"
            );
            text.into_bytes().into()
        };
        Ok(Self {
            address: content.host.parse()?,
            requests: content.images.iter().map(request).collect(),
        })
    }

    /// Sends `count` requests over `connections` connections.
    pub(crate) async fn load(&self, count: usize, connections: usize) -> anyhow::Result<()> {
        let sent = Arc::new(AtomicUsize::new(0));
        let mut loaders = JoinSet::new();
        for _ in 0..connections {
            let requests = Arc::clone(&self.requests);
            loaders.spawn(load_one(self.address, requests, Arc::clone(&sent), count));
        }
        while let Some(ended) = loaders.join_next().await {
            ended??;
        }
        Ok(())
    }
}

async fn load_one(
    address: SocketAddr,
    requests: Arc<[Box<[u8]>]>,
    sent: Arc<AtomicUsize>,
    count: usize,
) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut answer = vec![0; 4096];
    loop {
        let index = sent.fetch_add(1, Ordering::Relaxed);
        if index >= count {
            return Ok(());
        }
        stream.write_all(&requests[index % requests.len()]).await?;
        let mut length = 0;
        // The answer to a HEAD is its head.
        while !answer[..length].ends_with(b"\r\n\r\n") {
            let read = stream.read(&mut answer[length..]).await?;
            if read == 0 {
                bail!("the registry broke off");
            }
            length += read;
        }
        ensure!(
            answer.starts_with(b"HTTP/1.1 200 "),
            "the registry refuses: {}",
            String::from_utf8_lossy(&answer[..length])
        );
    }
}
