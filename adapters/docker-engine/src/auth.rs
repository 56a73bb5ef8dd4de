use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use registrywatcher::image::RegistryHost;
use registrywatcher::ports::Credential;
use secrecy::ExposeSecret;
use serde_json::json;

/// The header in which an engine is given credentials for a registry.
pub const AUTH: &str = "X-Registry-Auth";

/// What [`AUTH`] holds, for the engine to present to the registry; nothing for nobody's credentials.
///
/// An engine decodes the URL-safe alphabet, with padding, and takes anything else for nothing.
pub fn registry_auth(credential: &Credential, host: &RegistryHost) -> Option<String> {
    let address = if host.is_docker_hub() {
        "https://index.docker.io/v1/"
    } else {
        host.as_str()
    };
    let auth = match credential {
        Credential::Anonymous => return None,
        Credential::Basic { username, password } => {
            json!({ "username": username, "password": password.expose_secret(), "serveraddress": address })
        }
        Credential::IdentityToken(token) => {
            json!({ "identitytoken": token.expose_secret(), "serveraddress": address })
        }
        Credential::RegistryToken(token) => {
            json!({ "registrytoken": token.expose_secret(), "serveraddress": address })
        }
    };
    Some(URL_SAFE.encode(auth.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_presented_as_docker_reads_them() {
        let hub: RegistryHost = "docker.io".parse().unwrap();
        let basic = Credential::Basic {
            username: "bot".into(),
            password: "??>>:~~".to_owned().into(),
        };
        let text = registry_auth(&basic, &hub).unwrap();
        assert!(!text.contains(['+', '/']), "{text}");
        let read: serde_json::Value =
            serde_json::from_slice(&URL_SAFE.decode(text).unwrap()).unwrap();
        assert_eq!(
            read,
            json!({ "username": "bot", "password": "??>>:~~", "serveraddress": "https://index.docker.io/v1/" })
        );
        assert_eq!(registry_auth(&Credential::Anonymous, &hub), None);
    }
}
