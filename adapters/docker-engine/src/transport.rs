use std::path::Path;
use std::time::Duration;

use registrywatcher::ports::BuildError;
use reqwest::{Certificate, ClientBuilder, Identity};
use url::Url;

use crate::settings::Settings;

const USER_AGENT: &str = concat!("registrywatcher/", env!("CARGO_PKG_VERSION"));
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const SHAPE: &str = "an address reads `unix:///var/run/docker.sock` or `tcp://host:2375`";

/// The one client of a deployer, and the address that its requests start with.
pub(crate) fn build(settings: &Settings) -> Result<(reqwest::Client, Url), BuildError> {
    let address = settings
        .address
        .as_deref()
        .unwrap_or(Settings::DEFAULT_ADDRESS);
    let mut builder = reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT.min(settings.timeout));
    let base = match address.split_once("://") {
        Some(("unix", path)) => {
            builder = over_socket(builder, path)?;
            "http://localhost".to_owned()
        }
        Some(("tcp", host)) if settings.is_encrypted() => format!("https://{host}"),
        Some(("tcp", host)) => format!("http://{host}"),
        Some(("http" | "https", _)) => address.to_owned(),
        _ => {
            let problem = format!("`{address}` is none that can be spoken to; {SHAPE}");
            return Err(invalid("address", problem));
        }
    };
    let base: Url = base
        .parse()
        .map_err(|error| invalid("address", format!("`{address}`: {error}; {SHAPE}")))?;
    let client = with_certificates(builder, settings)?
        .build()
        .map_err(|error| invalid("address", format!("no client can be made: {error}")))?;
    Ok((client, base))
}

fn invalid(setting: &str, problem: String) -> BuildError {
    BuildError {
        setting: setting.to_owned(),
        problem,
    }
}

#[cfg(unix)]
fn over_socket(builder: ClientBuilder, path: &str) -> Result<ClientBuilder, BuildError> {
    if path.is_empty() {
        return Err(invalid(
            "address",
            "`unix://` lacks the path of a socket".to_owned(),
        ));
    }
    Ok(builder.unix_socket(path))
}

#[cfg(not(unix))]
fn over_socket(_: ClientBuilder, _: &str) -> Result<ClientBuilder, BuildError> {
    Err(invalid(
        "address",
        "sockets are known on Unix only; use `tcp://`".to_owned(),
    ))
}

fn with_certificates(
    mut builder: ClientBuilder,
    settings: &Settings,
) -> Result<ClientBuilder, BuildError> {
    if let Some(file) = &settings.ca_file {
        let pem = read("ca_file", file)?;
        let roots = Certificate::from_pem_bundle(&pem)
            .ok()
            .filter(|roots| !roots.is_empty())
            .ok_or_else(|| {
                let problem = format!("{} holds no certificate in PEM", file.display());
                invalid("ca_file", problem)
            })?;
        builder = builder.tls_certs_only(roots);
    }
    match (&settings.client_cert_file, &settings.client_key_file) {
        (Some(certificate), Some(key)) => Ok(builder.identity(identity(certificate, key)?)),
        (None, None) => Ok(builder),
        (Some(_), None) => Err(invalid(
            "client_key_file",
            "it is missing beside `client_cert_file`".to_owned(),
        )),
        (None, Some(_)) => Err(invalid(
            "client_cert_file",
            "it is missing beside `client_key_file`".to_owned(),
        )),
    }
}

fn identity(certificate: &Path, key: &Path) -> Result<Identity, BuildError> {
    let mut pem = read("client_cert_file", certificate)?;
    pem.push(b'\n');
    pem.extend(read("client_key_file", key)?);
    Identity::from_pem(&pem).map_err(|_| {
        let problem = format!(
            "{} and its key are no certificate and key in PEM",
            certificate.display()
        );
        invalid("client_cert_file", problem)
    })
}

fn read(setting: &str, path: &Path) -> Result<Vec<u8>, BuildError> {
    std::fs::read(path).map_err(|error| {
        let problem = format!("{} cannot be read: {error}", path.display());
        invalid(setting, problem)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(settings: &Settings) -> Result<String, String> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        build(settings)
            .map(|(_, base)| base.to_string())
            .map_err(|error| error.to_string())
    }

    fn at(address: &str) -> Settings {
        Settings {
            address: Some(address.into()),
            ..Settings::default()
        }
    }

    #[test]
    fn an_address_reads_as_dockers_command_line_reads_it() {
        assert_eq!(
            built(&Settings::default()).as_deref(),
            Ok("http://localhost/")
        );
        assert_eq!(
            built(&at("tcp://engine:2375")).as_deref(),
            Ok("http://engine:2375/")
        );
        for wrong in ["unix://", "ssh://engine", "engine:2375", "/run/docker.sock"] {
            let error = built(&at(wrong)).unwrap_err();
            assert!(error.starts_with("address: "), "{error}");
        }
    }

    #[test]
    fn certificates_that_cannot_work_are_refused_by_the_setting() {
        let missing = Some("/does/not/exist.pem".into());
        let error = built(&Settings {
            ca_file: missing.clone(),
            ..at("tcp://engine:2376")
        });
        assert!(
            error
                .unwrap_err()
                .starts_with("ca_file: /does/not/exist.pem")
        );
        let error = built(&Settings {
            client_cert_file: missing,
            ..at("tcp://engine:2376")
        });
        assert!(error.unwrap_err().starts_with("client_key_file: "));
    }
}
