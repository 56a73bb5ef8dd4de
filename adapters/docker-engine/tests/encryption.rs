//! TLS with certificates on both sides, over a server of OpenSSL's that answers as an engine does.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test panics where its premise is broken"
)]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use registrywatcher_conformance::backends::skip;
use registrywatcher_docker_engine::{ApiError, ApiVersion, Client, Settings};
use tempfile::TempDir;

/// What the engine answers to `GET /version`: files are sent as they are.
const VERSION: &str = "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n\
                       {\"ApiVersion\":\"1.41\",\"MinAPIVersion\":\"1.12\"}";

/// An engine that wants to see a certificate which its own authority has signed.
struct Engine {
    folder: TempDir,
    port: u16,
    process: Child,
}

impl Engine {
    /// `None` where there is no OpenSSL, which is then printed.
    fn start() -> Option<Self> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        if Command::new("openssl").arg("version").output().is_err() {
            skip("openssl is not installed");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("version"), VERSION).unwrap();
        for authority in ["ours", "other"] {
            sign_itself(folder.path(), authority);
        }
        for bearer in ["engine", "client"] {
            sign(folder.path(), "ours", bearer);
        }
        let mut process = Command::new("openssl")
            .current_dir(&folder)
            .args(["s_server", "-accept", "127.0.0.1:0", "-HTTP"])
            .args(["-cert", "engine.pem", "-key", "engine.key"])
            .args([
                "-CAfile",
                "ours.pem",
                "-Verify",
                "1",
                "-verify_return_error",
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = loop {
            let line = lines.next().expect("it says where it listens").unwrap();
            if let Some((_, port)) = line
                .strip_prefix("ACCEPT ")
                .and_then(|at| at.rsplit_once(':'))
            {
                break port.parse().unwrap();
            }
        };
        // It would be stopped by a pipe that nobody reads.
        std::thread::spawn(move || lines.for_each(drop));
        Some(Self {
            folder,
            port,
            process,
        })
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// As somebody reaches it who trusts `authority`, and has what it signed.
    fn settings(&self, authority: &str) -> Settings {
        Settings {
            address: Some(format!("tcp://127.0.0.1:{}", self.port)),
            ca_file: Some(self.file(&format!("{authority}.pem"))),
            client_cert_file: Some(self.file("client.pem")),
            client_key_file: Some(self.file("client.key")),
            ..Settings::default()
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A certificate for 127.0.0.1 that may sign others.
fn sign_itself(folder: &Path, name: &str) {
    openssl(
        folder,
        &format!(
            "req -x509 -nodes -days 1 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -subj /CN={name} -keyout {name}.key -out {name}.pem"
        ),
    );
}

/// A certificate of `name` for 127.0.0.1, by `authority`.
fn sign(folder: &Path, authority: &str, name: &str) {
    std::fs::write(folder.join("extensions"), "subjectAltName=IP:127.0.0.1\n").unwrap();
    openssl(
        folder,
        &format!(
            "req -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -subj /CN={name} -keyout {name}.key -out {name}.csr"
        ),
    );
    openssl(
        folder,
        &format!(
            "x509 -req -days 1 -in {name}.csr -CA {authority}.pem -CAkey {authority}.key -CAcreateserial -extfile extensions -out {name}.pem"
        ),
    );
}

fn openssl(folder: &Path, arguments: &str) {
    let made = Command::new("openssl")
        .current_dir(folder)
        .args(arguments.split(' '))
        .output()
        .unwrap();
    assert!(made.status.success(), "{arguments}: {made:?}");
}

async fn version(settings: &Settings) -> Result<ApiVersion, ApiError> {
    Client::build(settings).unwrap().version().await
}

#[tokio::test]
async fn an_engine_and_its_client_show_each_other_their_certificates() {
    let Some(engine) = Engine::start() else {
        return;
    };
    let spoken = version(&engine.settings("ours")).await.unwrap();
    assert_eq!(spoken, ApiVersion(1, 41));

    let error = version(&engine.settings("other")).await.unwrap_err();
    assert!(error.to_string().contains("certificate"), "{error}");

    let without_certificate = Settings {
        client_cert_file: None,
        client_key_file: None,
        ..engine.settings("ours")
    };
    let error = version(&without_certificate).await.unwrap_err();
    assert!(matches!(error, ApiError::Unavailable { .. }), "{error}");
}
