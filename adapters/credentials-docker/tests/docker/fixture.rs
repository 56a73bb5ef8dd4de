use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use registrywatcher::image::RegistryHost;
use registrywatcher::ports::{Credential, Credentials};
use registrywatcher_credentials_docker::{DockerConfigSource, DockerCredentials, HelperSettings};
use secrecy::ExposeSecret;
use tempfile::TempDir;

/// A folder of its own for each test, which may hold a `config.json` and credential helpers.
pub(crate) struct Fixture {
    folder: TempDir,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn with_config(json: &str) -> Self {
        let fixture = Self::new();
        fixture.write("config.json", json);
        fixture
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// Writes a file and gives it a time of change of its own, told apart by `age`.
    pub(crate) fn write_aged(&self, name: &str, content: impl AsRef<[u8]>, age: u64) {
        let path = self.write(name, content);
        set_age(&path, age);
    }

    /// Installs `docker-credential-<name>`, which runs `script`.
    ///
    /// The program is a link to a committed one: a program that this process had just written could be busy.
    pub(crate) fn install_helper(&self, name: &str, script: &str) {
        let program = format!("docker-credential-{name}");
        self.write(&format!("{program}.sh"), script);
        let link = self.path(&program);
        if !link.exists() {
            let committed =
                Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/docker/docker-credential.sh");
            std::os::unix::fs::symlink(committed, link).unwrap();
        }
    }

    pub(crate) fn helper_settings(&self) -> HelperSettings {
        let path = format!("{}:/usr/bin:/bin", self.folder.path().display());
        HelperSettings {
            search_path: Some(path.into()),
            ..HelperSettings::default()
        }
    }

    /// Credentials over this folder's `config.json` and helpers alone.
    pub(crate) fn credentials(&self) -> DockerCredentials {
        let source = DockerConfigSource::file(self.path("config.json"));
        DockerCredentials::new(BTreeMap::new(), source).with_helper_settings(self.helper_settings())
    }
}

pub(crate) fn set_age(path: &Path, age: u64) {
    let moment = SystemTime::UNIX_EPOCH + Duration::from_secs(age);
    File::options()
        .write(true)
        .open(path)
        .unwrap()
        .set_modified(moment)
        .unwrap();
}

pub(crate) fn host(name: &str) -> RegistryHost {
    name.parse().unwrap()
}

pub(crate) fn auth(username: &str, password: &str) -> String {
    BASE64_STANDARD.encode(format!("{username}:{password}"))
}

/// What `credentials` present to a registry, in one comparable line.
pub(crate) async fn presented(credentials: &DockerCredentials, registry: &str) -> String {
    match credentials.credential(&host(registry)).await.unwrap() {
        Credential::Anonymous => "anonymous".to_owned(),
        Credential::Basic { username, password } => {
            format!("{username} / {}", password.expose_secret())
        }
        Credential::IdentityToken(token) => format!("identity token {}", token.expose_secret()),
        Credential::RegistryToken(token) => format!("registry token {}", token.expose_secret()),
    }
}

/// The words in which `credentials` fail for a registry.
pub(crate) async fn failure(credentials: &DockerCredentials, registry: &str) -> String {
    credentials
        .credential(&host(registry))
        .await
        .unwrap_err()
        .to_string()
}
