use std::path::Path;
use std::time::Duration;

use registrywatcher::ports::BuildError;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Certificate, ClientBuilder, Identity};
use url::Url;

use crate::settings::Settings;

const USER_AGENT: &str = concat!("registrywatcher/", env!("CARGO_PKG_VERSION"));
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The one keep-alive client of a deployer, and the address that its requests start with.
pub(crate) fn build(settings: &Settings) -> Result<(reqwest::Client, Url), BuildError> {
    let address = settings
        .address
        .as_deref()
        .unwrap_or(Settings::DEFAULT_ADDRESS);
    let mut base = parse_address(address)?;
    // A redirect would carry the token to another host: reqwest takes only `Authorization` off.
    let mut builder = reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT.min(settings.timeout));
    if base.scheme() == "unix" {
        builder = over_socket(builder, base.path())?;
        base = parse_address("http://localhost")?;
    }
    builder = with_certificates(builder, settings)?;
    if let Some(name) = &settings.tls_server_name {
        builder = under_name(builder, &mut base, name)?;
    }
    let client = builder
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

fn parse_address(address: &str) -> Result<Url, BuildError> {
    let shape =
        "an address reads `http://host:4646`, `https://host:4646` or `unix:///path/api.sock`";
    let url: Url = address
        .parse()
        .map_err(|error| invalid("address", format!("{error}; {shape}")))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid(
            "address",
            "it holds a user or password; set `http_auth` instead".to_owned(),
        ));
    }
    match url.scheme() {
        "http" | "https" if url.has_host() => Ok(url),
        "unix" => Ok(url),
        other => Err(invalid(
            "address",
            format!("`{other}:` is not known; {shape}"),
        )),
    }
}

#[cfg(unix)]
fn over_socket(builder: ClientBuilder, path: &str) -> Result<ClientBuilder, BuildError> {
    if path.is_empty() {
        return Err(invalid(
            "address",
            "`unix:` lacks the path of a socket".to_owned(),
        ));
    }
    Ok(builder.unix_socket(path))
}

#[cfg(not(unix))]
fn over_socket(_: ClientBuilder, _: &str) -> Result<ClientBuilder, BuildError> {
    Err(invalid(
        "address",
        "sockets are known on Unix only; use `http:` or `https:`".to_owned(),
    ))
}

fn with_certificates(
    mut builder: ClientBuilder,
    settings: &Settings,
) -> Result<ClientBuilder, BuildError> {
    let mut roots = Vec::new();
    if let Some(file) = &settings.ca_file {
        roots.extend(certificates("ca_file", file)?);
    }
    if let Some(directory) = &settings.ca_path {
        for entry in read("ca_path", directory, Path::read_dir)?.flatten() {
            if entry
                .path()
                .extension()
                .is_some_and(|end| end == "pem" || end == "crt")
            {
                roots.extend(certificates("ca_path", &entry.path())?);
            }
        }
    }
    if !roots.is_empty() {
        builder = builder.tls_certs_only(roots);
    }
    match (&settings.client_cert_file, &settings.client_key_file) {
        (Some(certificate), Some(key)) => builder = builder.identity(identity(certificate, key)?),
        (None, None) => {}
        (Some(_), None) => {
            return Err(invalid(
                "client_key_file",
                "it is missing beside `client_cert_file`".into(),
            ));
        }
        (None, Some(_)) => {
            return Err(invalid(
                "client_cert_file",
                "it is missing beside `client_key_file`".into(),
            ));
        }
    }
    Ok(builder.tls_danger_accept_invalid_certs(settings.skip_verify))
}

fn certificates(setting: &str, path: &Path) -> Result<Vec<Certificate>, BuildError> {
    let pem = read(setting, path, |path| std::fs::read(path))?;
    match Certificate::from_pem_bundle(&pem) {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(invalid(
            setting,
            format!("{} holds no certificate in PEM", path.display()),
        )),
    }
}

fn identity(certificate: &Path, key: &Path) -> Result<Identity, BuildError> {
    let mut pem = read("client_cert_file", certificate, |path| std::fs::read(path))?;
    pem.push(b'\n');
    pem.extend(read("client_key_file", key, |path| std::fs::read(path))?);
    Identity::from_pem(&pem).map_err(|_| {
        let problem = format!(
            "{} and its key are no certificate and key in PEM",
            certificate.display()
        );
        invalid("client_cert_file", problem)
    })
}

fn read<T>(
    setting: &str,
    path: &Path,
    read: impl Fn(&Path) -> std::io::Result<T>,
) -> Result<T, BuildError> {
    read(path).map_err(|error| {
        invalid(
            setting,
            format!("{} cannot be read: {error}", path.display()),
        )
    })
}

/// Asks for the certificate of `name` while connecting to the host of `base`: the client takes both from the address, so
/// the address is given the name, and the name resolves to the host.
fn under_name(
    builder: ClientBuilder,
    base: &mut Url,
    name: &str,
) -> Result<ClientBuilder, BuildError> {
    let host = base
        .host_str()
        .unwrap_or_default()
        .trim_matches(['[', ']'])
        .to_owned();
    base.set_host(Some(name)).map_err(|error| {
        invalid(
            "tls_server_name",
            format!("`{name}` is no host name: {error}"),
        )
    })?;
    Ok(builder
        .no_proxy()
        .dns_resolver(std::sync::Arc::new(Alias { host })))
}

struct Alias {
    host: String,
}

impl Resolve for Alias {
    fn resolve(&self, _: Name) -> Resolving {
        let host = self.host.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0))
                .await?
                .collect::<Vec<_>>();
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refuses(settings: &Settings, message: &str) {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let error = build(settings).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }

    #[test]
    fn settings_that_cannot_work_are_refused_by_their_name() {
        let address = |text: &str| Settings {
            address: Some(text.into()),
            ..Settings::default()
        };
        refuses(&address("nomad:4646"), "address: `nomad:` is not known");
        refuses(&address("ftp://nomad"), "address: `ftp:` is not known");
        refuses(
            &address("https://me:secret@nomad"),
            "set `http_auth` instead",
        );
        let missing = Some("/does/not/exist.pem".into());
        refuses(
            &Settings {
                ca_file: missing.clone(),
                ..Settings::default()
            },
            "ca_file: /does/not/exist.pem",
        );
        refuses(
            &Settings {
                client_cert_file: missing,
                ..Settings::default()
            },
            "client_key_file: it is missing",
        );
    }

    #[test]
    fn the_certificate_s_name_replaces_the_host_in_the_address_only() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let settings = Settings {
            address: Some("https://10.0.0.1:4646".into()),
            tls_server_name: Some("server.global.nomad".into()),
            ..Settings::default()
        };
        let (_, base) = build(&settings).unwrap();
        assert_eq!(base.as_str(), "https://server.global.nomad:4646/");
    }
}
