//! A registry that costs as little as a registry can: two answers, made beforehand, from a process of its own.
//!
//! Its own process, so that its processor time is not taken for the client's.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Context;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

use crate::service::{Content, Published};

/// The argument that makes this program a registry.
pub(crate) const ROLE: &str = "--serve-registry";

/// What every tag of every repository points to.
const DIGEST: &str = "sha256:0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";

const FEW_TAGS: usize = 50;

/// How many tags the large repositories have.
pub(crate) const MANY_TAGS: usize = 10_000;

/// A repository of [`MANY_TAGS`].
pub(crate) const STEADY: &str = "large/steady";

/// A repository of [`MANY_TAGS`], one of which is another one at each listing.
pub(crate) const CHANGING: &str = "large/changing";

/// The registry, seen from the process that measures; it ends with this value.
#[derive(Debug)]
pub(crate) struct FastRegistry {
    pub(crate) address: SocketAddr,
    _process: Child,
}

impl FastRegistry {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("this program has no path")?;
        let mut process = Command::new(program)
            .arg(ROLE)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("the registry does not start")?;
        let output = process
            .stdout
            .take()
            .context("the registry has no output")?;
        let line = BufReader::new(output).lines().next_line().await?;
        let address = line.context("the registry ended")?.parse()?;
        Ok(Self {
            address,
            _process: process,
        })
    }

    /// So many repositories of a few tags.
    pub(crate) fn content(&self, repositories: usize) -> Content {
        content(self.address, repositories)
    }

    /// One of the large repositories.
    pub(crate) fn large(&self, path: &str) -> Content {
        Content {
            host: self.address.to_string(),
            images: vec![published(path.to_owned(), MANY_TAGS)],
        }
    }
}

/// What the registry at `address` has.
pub(crate) fn content(address: SocketAddr, repositories: usize) -> Content {
    let image = |index: usize| published(format!("team/app-{index:05}"), FEW_TAGS);
    Content {
        host: address.to_string(),
        images: (0..repositories).map(image).collect(),
    }
}

fn published(path: String, tags: usize) -> Published {
    Published {
        path,
        tag: tag(tags - 1),
        digest: DIGEST.to_owned(),
    }
}

/// The version that was pushed as the `index`th, counted from the lowest.
fn tag(index: usize) -> String {
    format!("v{}.{}.{}", 1 + index / 400, index / 20 % 20, index % 20)
}

/// A page of `count` tags in the order of a storage, which is no order.
fn page(count: usize) -> String {
    const STRIDE: usize = 7919;
    let tags = (0..count).map(|index| tag(index * STRIDE % count));
    let quoted: Vec<String> = tags.map(|tag| format!("\"{tag}\"")).collect();
    format!(r#"{{"name":"team/app","tags":[{}]}}"#, quoted.join(","))
}

/// Serves until the standard input ends, which is when the process that measures ends, however it does.
pub(crate) fn serve() -> anyhow::Result<()> {
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        std::io::stdout().flush()?;
        let answers = Arc::new(Answers::new());
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::spawn(converse(stream, Arc::clone(&answers)));
        }
    })
}

/// Answers one request after the other; a client that breaks off needs no answer.
async fn converse(mut stream: TcpStream, answers: Arc<Answers>) -> std::io::Result<()> {
    let mut request = vec![0; 4096];
    let mut length = 0;
    loop {
        let read = stream.read(&mut request[length..]).await?;
        length += read;
        if read == 0 {
            return Ok(());
        }
        if request[..length].ends_with(b"\r\n\r\n") {
            match answers.of(&request[..length]) {
                Answer::Ready(answer) => stream.write_all(answer).await?,
                Answer::Made(answer) => stream.write_all(&answer).await?,
            }
            length = 0;
        }
    }
}

struct Answers {
    manifest: Vec<u8>,
    few_tags: Vec<u8>,
    many_tags: Vec<u8>,
    listings: AtomicU32,
}

enum Answer<'a> {
    Ready(&'a [u8]),
    Made(Vec<u8>),
}

impl Answers {
    fn new() -> Self {
        let manifest = format!(
            "HTTP/1.1 200 OK\r\n\
             Content-Type: application/vnd.oci.image.manifest.v1+json\r\n\
             Docker-Content-Digest: {DIGEST}\r\n\
             Docker-Distribution-Api-Version: registry/2.0\r\n\
             Etag: \"{DIGEST}\"\r\n\
             Content-Length: 1071\r\n\r\n"
        );
        Self {
            manifest: manifest.into_bytes(),
            few_tags: listing(&page(FEW_TAGS)),
            many_tags: listing(&page(MANY_TAGS)),
            listings: AtomicU32::new(0),
        }
    }

    fn of(&self, request: &[u8]) -> Answer<'_> {
        if request.starts_with(b"HEAD ") {
            Answer::Ready(&self.manifest)
        } else if request.starts_with(b"GET /v2/large/changing/") {
            Answer::Made(self.changed())
        } else if request.starts_with(b"GET /v2/large/") {
            Answer::Ready(&self.many_tags)
        } else {
            Answer::Ready(&self.few_tags)
        }
    }

    /// The large listing with a tag of its own in the place of the lowest one, so that the same tag stays wanted.
    fn changed(&self) -> Vec<u8> {
        let mut answer = self.many_tags.clone();
        let lowest = tag(0);
        let place = answer
            .windows(lowest.len())
            .position(|window| window == lowest.as_bytes());
        // As long as the tag that it replaces, so that the length of the page stays as announced.
        let number = self.listings.fetch_add(1, Ordering::Relaxed) % 100;
        let other = format!("v0.{}.{}", number / 10, number % 10);
        if let Some(place) = place {
            answer[place..place + lowest.len()].copy_from_slice(other.as_bytes());
        }
        answer
    }
}

fn listing(page: &str) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\n\
         Content-Type: application/json; charset=utf-8\r\n\
         Docker-Distribution-Api-Version: registry/2.0\r\n\
         Content-Length: {}\r\n\r\n",
        page.len()
    );
    (head + page).into_bytes()
}
