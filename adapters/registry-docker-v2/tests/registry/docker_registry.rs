//! Debian's `docker-registry`, started for one test and stopped after it.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use registrywatcher::image::Digest;
use reqwest::{Certificate, Client, Method, RequestBuilder};
use serde_json::json;
use tempfile::TempDir;

use crate::double::{OCI_MANIFEST, digest_of, manifest};
use crate::fixture::install_tls_provider;

const BINARY: &str = "docker-registry";
pub(crate) const USER: &str = "bot";
pub(crate) const PASSWORD: &str = "se:cret";
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

    pub(crate) async fn push(
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

    pub(crate) async fn delete(&self, repository: &str, digest: &Digest) {
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
