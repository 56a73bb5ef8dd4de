use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use registrywatcher::image::RegistryHost;
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client};

use crate::settings::{RegistrySettings, SettingsError};

/// HTTP clients, shared between registries of like settings: each holds the certificates of the system.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    built: Mutex<HashMap<Key, Client>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    ca_file: Option<PathBuf>,
    connect_timeout: Duration,
    concurrency: usize,
    /// Past any proxy that the environment names; this machine is reached directly.
    direct: bool,
}

impl Clients {
    pub(crate) fn get(
        &self,
        registry: &RegistryHost,
        settings: &RegistrySettings,
    ) -> Result<Client, SettingsError> {
        let key = Key {
            ca_file: settings.ca_file.clone(),
            connect_timeout: settings.connect_timeout,
            concurrency: settings.concurrency,
            direct: registry.is_loopback(),
        };
        let mut built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = built.get(&key) {
            return Ok(client.clone());
        }
        let client = key.build()?;
        built.insert(key, client.clone());
        Ok(client)
    }
}

impl Key {
    fn build(&self) -> Result<Client, SettingsError> {
        let mut builder = Client::builder()
            .user_agent(concat!("registrywatcher/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(self.connect_timeout)
            .pool_max_idle_per_host(self.concurrency)
            // Redirects are followed by `Transport`, which guards credentials.
            .redirect(Policy::none());
        if self.direct {
            builder = builder.no_proxy();
        }
        if let Some(path) = &self.ca_file {
            builder = builder.tls_certs_merge(certificates(path)?);
        }
        builder.build().map_err(|error| SettingsError::Client {
            problem: chain(&error),
        })
    }
}

fn certificates(path: &Path) -> Result<Vec<Certificate>, SettingsError> {
    let refuse = |problem: String| SettingsError::CaFile {
        path: path.to_owned(),
        problem,
    };
    let pem = std::fs::read(path).map_err(|error| refuse(error.to_string()))?;
    let found = Certificate::from_pem_bundle(&pem).map_err(|error| refuse(chain(&error)))?;
    if found.is_empty() {
        return Err(refuse("it holds no certificate in PEM form".to_owned()));
    }
    Ok(found)
}

/// An error and its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    words
}
