//! Debian's `docker-registry`, which is distribution 2.8, in a folder of its own.

use std::net::TcpListener;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::header::{CONTENT_TYPE, LOCATION};
use reqwest::{Client, Response, Url};
use serde_json::json;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::task::JoinSet;

use crate::service::{Content, Published};

const PROGRAM: &str = "docker-registry";

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// Pushes at the same time.
const PUSHERS: usize = 8;

/// Somebody else may take the port that was free a moment ago.
const ATTEMPTS: usize = 3;

/// The registry; its process and its folder end with this value.
#[derive(Debug)]
pub(crate) struct Distribution {
    host: String,
    client: Client,
    _process: Child,
    _folder: TempDir,
}

impl Distribution {
    /// Starts it on a free port, or gives `None` where it is not installed.
    pub(crate) async fn start() -> anyhow::Result<Option<Self>> {
        for _ in 0..ATTEMPTS {
            let Some(registry) = Self::spawn()? else {
                return Ok(None);
            };
            if let Some(registry) = registry.ready().await {
                return Ok(Some(registry));
            }
        }
        bail!("{PROGRAM} does not answer")
    }

    fn spawn() -> anyhow::Result<Option<Self>> {
        let folder = tempfile::tempdir()?;
        let host = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let settings = json!({
            "version": 0.1,
            "log": {"level": "error", "accesslog": {"disabled": true}},
            "storage": {
                "filesystem": {"rootdirectory": folder.path().join("data")},
                "cache": {"blobdescriptor": "inmemory"},
            },
            "http": {"addr": host},
        });
        let file = folder.path().join("config.yml");
        // JSON is YAML.
        std::fs::write(&file, settings.to_string())?;
        let process = Command::new(PROGRAM)
            .arg("serve")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn();
        let process = match process {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            process => process.context(PROGRAM)?,
        };
        Ok(Some(Self {
            host,
            client: Client::builder()
                .no_proxy()
                .timeout(Duration::from_secs(10))
                .build()?,
            _process: process,
            _folder: folder,
        }))
    }

    /// Waits until it answers; `None` where it does not.
    async fn ready(self) -> Option<Self> {
        for _ in 0..100 {
            let ping = self.client.get(format!("http://{}/v2/", self.host));
            if ping
                .send()
                .await
                .is_ok_and(|answer| answer.status().is_success())
            {
                return Some(self);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        None
    }

    /// Pushes an image without layers under each tag of each repository.
    pub(crate) async fn push(&self, repositories: usize, tags: usize) -> anyhow::Result<Content> {
        let next = Arc::new(AtomicUsize::new(0));
        let mut pushers = JoinSet::new();
        for _ in 0..PUSHERS {
            let pusher = Pusher {
                client: self.client.clone(),
                host: self.host.clone(),
            };
            let next = Arc::clone(&next);
            pushers.spawn(async move {
                let mut images = Vec::new();
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= repositories {
                        return anyhow::Ok(images);
                    }
                    images.push(pusher.push(format!("team/app-{index}"), tags).await?);
                }
            });
        }
        let mut images = Vec::new();
        while let Some(pushed) = pushers.join_next().await {
            images.extend(pushed??);
        }
        Ok(Content {
            host: self.host.clone(),
            images,
        })
    }
}

struct Pusher {
    client: Client,
    host: String,
}

impl Pusher {
    async fn push(&self, path: String, tags: usize) -> anyhow::Result<Published> {
        let config = json!({
            "architecture": "amd64", "os": "linux", "config": {},
            "rootfs": {"type": "layers", "diff_ids": []},
        })
        .to_string();
        let config_digest = self.push_blob(&path, config.clone()).await?;
        let (mut tag, mut digest) = (String::new(), String::new());
        for minor in 0..tags {
            tag = format!("v1.{minor}.0");
            let manifest = json!({
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": {
                    "mediaType": "application/vnd.oci.image.config.v1+json",
                    "digest": config_digest,
                    "size": config.len(),
                },
                "layers": [],
                "annotations": {"org.opencontainers.image.version": tag},
            })
            .to_string();
            digest = digest_of(&manifest);
            let url = format!("http://{}/v2/{path}/manifests/{tag}", self.host);
            let put = self.client.put(url).header(CONTENT_TYPE, MANIFEST);
            accepted(put.body(manifest).send().await?).await?;
        }
        Ok(Published { path, tag, digest })
    }

    async fn push_blob(&self, path: &str, blob: String) -> anyhow::Result<String> {
        let digest = digest_of(&blob);
        let base: Url = format!("http://{}/v2/{path}/blobs/uploads/", self.host).parse()?;
        let upload = accepted(self.client.post(base.clone()).send().await?).await?;
        let location = upload
            .headers()
            .get(LOCATION)
            .context("an upload has no place")?;
        let mut place = base.join(location.to_str()?)?;
        place.query_pairs_mut().append_pair("digest", &digest);
        accepted(self.client.put(place).body(blob).send().await?).await?;
        Ok(digest)
    }
}

async fn accepted(answer: Response) -> anyhow::Result<Response> {
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    bail!("a push is refused with {status}: {}", answer.text().await?)
}

fn digest_of(text: &str) -> String {
    format!("sha256:{:x}", Sha256::digest(text))
}
