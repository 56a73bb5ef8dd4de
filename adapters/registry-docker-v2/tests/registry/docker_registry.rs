//! Debian's `docker-registry`, started for one test and stopped after it.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use registrywatcher::image::{Digest, Image, PlatformManifest, Repository, Tag};
use registrywatcher::ports::Registry;
use registrywatcher_conformance::registry::RegistryHarness;
use registrywatcher_registry_docker_v2::{DockerRegistry, RegistrySettings};
use reqwest::{Certificate, Client, Method, RequestBuilder};
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::Mutex;

use crate::double::{OCI_INDEX, OCI_MANIFEST, digest_of, entry, index, manifest};
use crate::fixture::{TestClock, TestCredentials, account, adapter, install_tls_provider};

const BINARY: &str = "docker-registry";
const USER: &str = "bot";
const PASSWORD: &str = "se:cret";
const CERTIFICATE: &str = "registry.pem";
const KEY: &str = "registry.key";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Open,
    Password,
    /// Open, behind TLS with a certificate of its own.
    Encrypted,
}

/// The process, with all it wrote.
pub(crate) struct DockerRegistryProcess {
    child: Child,
    host: String,
    access: Access,
    client: Client,
    folder: TempDir,
}

/// Whether a program is there; if not, that is told, or is a failure where backends are required.
#[expect(
    clippy::disallowed_methods,
    reason = "a test has no configuration to read this from"
)]
fn is_installed(program: &str) -> bool {
    let found = Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if found.is_ok() {
        return true;
    }
    let required =
        std::env::var("REGISTRYWATCHER_REQUIRE_BACKENDS").is_ok_and(|value| value == "1");
    assert!(
        !required,
        "{program} is not installed, and REGISTRYWATCHER_REQUIRE_BACKENDS is set"
    );
    eprintln!("skipped: {program} is not installed");
    false
}

impl DockerRegistryProcess {
    /// Starts the registry on a free port; `None` where it is not installed.
    pub(crate) async fn start(access: Access) -> Option<Self> {
        let needed = match access {
            Access::Open => &[BINARY][..],
            Access::Password => &[BINARY, "htpasswd"],
            Access::Encrypted => &[BINARY, "openssl"],
        };
        if !needed.iter().all(|program| is_installed(program)) {
            return None;
        }
        install_tls_provider();

        // Where somebody takes the port before the process does, it ends, and another port is tried.
        for _ in 0..10 {
            let folder = tempfile::tempdir().unwrap();
            let port = TcpListener::bind("127.0.0.1:0")
                .unwrap()
                .local_addr()
                .unwrap()
                .port();
            let child = spawn(folder.path(), port, access);
            let host = format!("127.0.0.1:{port}");
            let client = client(folder.path(), access);
            let mut process = Self {
                child,
                host,
                access,
                client,
                folder,
            };
            if process.is_up().await {
                return Some(process);
            }
        }
        panic!("{BINARY} does not start");
    }

    /// Waits until the process answers or ends.
    async fn is_up(&mut self) -> bool {
        while self.child.try_wait().unwrap().is_none() {
            if self.request(Method::GET, "").send().await.is_ok() {
                return self.child.try_wait().unwrap().is_none();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        false
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let scheme = if self.access == Access::Encrypted {
            "https"
        } else {
            "http"
        };
        let url = format!("{scheme}://{}/v2/{path}", self.host);
        self.authorized(self.client.request(method, url))
    }

    /// `127.0.0.1:port`.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The file of the certificate that it presents.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.path().join(CERTIFICATE)
    }

    pub(crate) async fn push_manifest(&self, repository: &str, tag: &str, n: usize) -> Digest {
        self.push_blob(repository, b"{}").await;
        self.push(repository, tag, OCI_MANIFEST, manifest(n)).await
    }

    fn authorized(&self, request: RequestBuilder) -> RequestBuilder {
        match self.access {
            Access::Open | Access::Encrypted => request,
            Access::Password => request.basic_auth(USER, Some(PASSWORD)),
        }
    }

    async fn push_blob(&self, repository: &str, body: &'static [u8]) {
        let started = self
            .request(Method::POST, &format!("{repository}/blobs/uploads/"))
            .send()
            .await;
        let started = started.unwrap().error_for_status().unwrap();
        let location = started.headers()["location"].to_str().unwrap().to_owned();
        let upload = self.authorized(self.client.put(location));
        let digest = digest_of(body).to_string();
        let done = upload
            .query(&[("digest", digest)])
            .body(body)
            .send()
            .await
            .unwrap();
        done.error_for_status().unwrap();
    }

    async fn push(
        &self,
        repository: &str,
        reference: &str,
        media_type: &str,
        body: Vec<u8>,
    ) -> Digest {
        let digest = digest_of(&body);
        let path = format!("{repository}/manifests/{reference}");
        let request = self
            .request(Method::PUT, &path)
            .header("content-type", media_type)
            .body(body);
        let pushed = request.send().await.unwrap().error_for_status().unwrap();
        assert_eq!(pushed.headers()["docker-content-digest"], digest.as_str());
        digest
    }

    async fn delete(&self, repository: &str, digest: &Digest) {
        let path = format!("{repository}/manifests/{digest}");
        self.request(Method::DELETE, &path)
            .send()
            .await
            .unwrap()
            .error_for_status()
            .unwrap();
    }
}

impl Drop for DockerRegistryProcess {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(folder: &Path, port: u16, access: Access) -> Child {
    let data = folder.join("data").display().to_string();
    let mut config = json!({
        "version": "0.1",
        "log": {"level": "error"},
        "storage": {"filesystem": {"rootdirectory": data}, "delete": {"enabled": true}},
        "http": {"addr": format!("127.0.0.1:{port}")},
    });
    if access == Access::Password {
        let entry = Command::new("htpasswd")
            .args(["-Bbn", USER, PASSWORD])
            .output()
            .unwrap();
        let passwords = folder.join("htpasswd");
        std::fs::write(&passwords, entry.stdout).unwrap();
        config["auth"] =
            json!({"htpasswd": {"realm": "test", "path": passwords.display().to_string()}});
    }
    if access == Access::Encrypted {
        make_certificate(folder);
        let path = |name: &str| folder.join(name).display().to_string();
        config["http"]["tls"] = json!({"certificate": path(CERTIFICATE), "key": path(KEY)});
    }
    // JSON is YAML.
    let path = folder.join("config.yml");
    std::fs::write(&path, config.to_string()).unwrap();
    let mut command = Command::new(BINARY);
    command
        .arg("serve")
        .arg(path)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.spawn().unwrap()
}

/// A certificate for 127.0.0.1 that is signed by itself.
fn make_certificate(folder: &Path) {
    let mut command = Command::new("openssl");
    command
        .current_dir(folder)
        .args(["req", "-x509", "-nodes", "-days", "1", "-newkey", "ec"]);
    command.args([
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-keyout",
        KEY,
        "-out",
        CERTIFICATE,
    ]);
    command.args([
        "-subj",
        "/CN=registry",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
    ]);
    command.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
    let made = command.output().unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
}

fn client(folder: &Path, access: Access) -> Client {
    let mut builder = Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(10));
    if access == Access::Encrypted {
        let pem = std::fs::read(folder.join(CERTIFICATE)).unwrap();
        builder = builder.tls_certs_only(Certificate::from_pem_bundle(&pem).unwrap());
    }
    builder.build().unwrap()
}

pub(crate) struct RealHarness {
    process: Mutex<Option<DockerRegistryProcess>>,
    pub(crate) registry: DockerRegistry,
    repositories: [Repository; 3],
    pushed: AtomicUsize,
    tags: Mutex<BTreeMap<Tag, Digest>>,
}

/// The adapter over a fresh registry; `None` where there is none.
pub(crate) async fn real_harness(access: Access) -> Option<RealHarness> {
    let process = DockerRegistryProcess::start(access).await?;
    for repository in ["suite/web", "suite/empty"] {
        let digest = process.push_manifest(repository, "gone", 0).await;
        process.delete(repository, &digest).await;
    }
    let credentials = TestCredentials::default();
    if access == Access::Password {
        credentials.set(account(USER, PASSWORD));
    }
    let registry = adapter(
        RegistrySettings::default(),
        &credentials,
        &TestClock::default(),
    );
    let repository = |name: &str| format!("{}/suite/{name}", process.host).parse().unwrap();
    let repositories = ["web", "empty", "unknown"].map(repository);
    Some(RealHarness {
        process: Mutex::new(Some(process)),
        registry,
        repositories,
        pushed: AtomicUsize::new(1),
        tags: Mutex::default(),
    })
}

impl RealHarness {
    fn next_manifest(&self) -> Vec<u8> {
        manifest(self.pushed.fetch_add(1, Ordering::Relaxed))
    }

    async fn push(&self, reference: &str, media_type: &str, body: Vec<u8>) -> Digest {
        let process = self.process.lock().await;
        let process = process.as_ref().expect("the registry was not broken down");
        process.push("suite/web", reference, media_type, body).await
    }
}

#[async_trait]
impl RegistryHarness for RealHarness {
    fn registry(&self) -> &dyn Registry {
        &self.registry
    }

    fn repository(&self) -> &Repository {
        &self.repositories[0]
    }

    fn empty_repository(&self) -> &Repository {
        &self.repositories[1]
    }

    fn unknown_repository(&self) -> &Repository {
        &self.repositories[2]
    }

    async fn publish(&self, tag: &Tag) -> Digest {
        let digest = self
            .push(tag.as_str(), OCI_MANIFEST, self.next_manifest())
            .await;
        self.tags.lock().await.insert(tag.clone(), digest.clone());
        digest
    }

    async fn publish_index(&self, tag: &Tag) -> Image {
        let mut entries = Vec::new();
        let mut platforms = Vec::new();
        for platform in ["linux/amd64", "linux/arm64", "unknown/unknown"] {
            let body = self.next_manifest();
            entries.push(entry(platform, &body));
            let digest = self
                .push(digest_of(&body).as_str(), OCI_MANIFEST, body)
                .await;
            platforms.push(PlatformManifest {
                platform: platform.parse().ok(),
                digest,
            });
        }
        platforms.retain(|entry| entry.platform.is_some());
        Image::of_index(
            self.push(tag.as_str(), OCI_INDEX, index(&entries)).await,
            platforms,
        )
    }

    async fn remove(&self, tag: &Tag) {
        let digest = self
            .tags
            .lock()
            .await
            .remove(tag)
            .expect("the suite removes what it published");
        let process = self.process.lock().await;
        process.as_ref().unwrap().delete("suite/web", &digest).await;
    }

    /// It always lists all tags on one page.
    async fn lose_a_page(&self) -> bool {
        false
    }

    async fn rate_limit(&self, _retry_after: Duration) -> bool {
        false
    }

    async fn break_down(&self) {
        drop(self.process.lock().await.take());
    }
}
