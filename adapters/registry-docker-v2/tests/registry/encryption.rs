//! Certificates, against the real registry behind TLS.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use registrywatcher::image::{RegistryHost, Repository};
use registrywatcher::ports::{Registry, RegistryError};
use registrywatcher_registry_docker_v2::{
    DockerRegistry, RegistrySettings, Settings, SettingsError,
};

use crate::docker_registry::{Access, DockerRegistryProcess};
use crate::fixture::{TestClock, TestCredentials, WEB, install_tls_provider};

fn reached_with(host: &str, settings: RegistrySettings) -> Result<DockerRegistry, SettingsError> {
    install_tls_provider();
    let host: RegistryHost = host.parse().unwrap();
    let registries = BTreeMap::from([(host, settings)]);
    let settings = Settings {
        registries,
        ..Settings::default()
    };
    DockerRegistry::new(
        settings,
        Arc::new(TestCredentials::default()),
        Arc::new(TestClock::default()),
    )
}

fn trusting(ca_file: PathBuf) -> RegistrySettings {
    RegistrySettings {
        ca_file: Some(ca_file),
        ..RegistrySettings::default()
    }
}

#[tokio::test]
async fn a_registry_with_a_certificate_of_ones_own_is_trusted_by_its_file() {
    let Some(process) = DockerRegistryProcess::start(Access::Encrypted).await else {
        return;
    };
    process.push_manifest(WEB, "v1", 1).await;
    let repository: Repository = format!("{}/{WEB}", process.host()).parse().unwrap();

    let registry = reached_with(process.host(), trusting(process.certificate())).unwrap();
    let tags = registry.tags(&repository).await.unwrap();
    assert_eq!(tags.iter().collect::<Vec<_>>(), ["v1"]);

    let base_url = format!("https://{}", process.host()).parse().ok();
    let untrusting = RegistrySettings {
        base_url,
        ..RegistrySettings::default()
    };
    let error = reached_with(process.host(), untrusting)
        .unwrap()
        .tags(&repository)
        .await
        .unwrap_err();
    assert!(
        matches!(error, RegistryError::Unavailable { .. }),
        "{error}"
    );
    assert!(error.to_string().contains("certificate"), "{error}");
}

#[test]
fn a_file_without_certificates_is_refused_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    let error = reached_with("registry.example", trusting(path.clone())).unwrap_err();
    assert!(
        matches!(error, SettingsError::CaFile { .. }),
        "missing: {error}"
    );
    std::fs::write(&path, "no certificate").unwrap();
    let error = reached_with("registry.example", trusting(path)).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("it holds no certificate in PEM form"),
        "{error}"
    );
}
