use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use serde::{Deserialize, Deserializer};

/// How a Nomad cluster is reached. Named as Nomad's own command line names it, in `NOMAD_…`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where any of its agents listens: `http://…`, `https://…` or `unix:///…`; `http://127.0.0.1:4646` if nothing is said.
    pub address: Option<String>,
    /// The region, if not the agent's own.
    pub region: Option<String>,
    /// The namespace of workloads whose address names none; `default` if nothing is said.
    pub namespace: Option<String>,
    /// The secret id of an ACL token, or a workload identity.
    pub token: Option<SecretString>,
    /// The file that holds it; read anew at each request, so that it may be rotated.
    pub token_file: Option<PathBuf>,
    /// `user:password` for a proxy in front of Nomad.
    pub http_auth: Option<SecretString>,
    /// The file that holds it.
    pub http_auth_file: Option<PathBuf>,
    /// The certificates that may have signed Nomad's, in PEM; the machine's own if nothing is said.
    #[serde(alias = "ca_cert")]
    pub ca_file: Option<PathBuf>,
    /// A directory of such files.
    pub ca_path: Option<PathBuf>,
    /// Our certificate, for a Nomad that asks for one.
    #[serde(alias = "client_cert")]
    pub client_cert_file: Option<PathBuf>,
    /// Its key.
    #[serde(alias = "client_key")]
    pub client_key_file: Option<PathBuf>,
    /// The name in Nomad's certificate where it is not the host's, such as `server.global.nomad`.
    pub tls_server_name: Option<String>,
    /// Whether any certificate is believed.
    pub skip_verify: bool,
    /// A Vault token for servers before 1.10 that want one with each registration.
    pub vault_token: Option<SecretString>,
    /// The file that holds it.
    pub vault_token_file: Option<PathBuf>,
    /// A Consul token for servers before 1.10 that want one with each registration.
    pub consul_token: Option<SecretString>,
    /// The file that holds it.
    pub consul_token_file: Option<PathBuf>,
    /// How long an answer may take.
    #[serde(deserialize_with = "duration")]
    pub timeout: Duration,
    /// How long Nomad is asked to wait for news of a rollout before it is asked again, at most 45 s.
    #[serde(deserialize_with = "duration")]
    pub wait: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            address: None,
            region: None,
            namespace: None,
            token: None,
            token_file: None,
            http_auth: None,
            http_auth_file: None,
            ca_file: None,
            ca_path: None,
            client_cert_file: None,
            client_key_file: None,
            tls_server_name: None,
            skip_verify: false,
            vault_token: None,
            vault_token_file: None,
            consul_token: None,
            consul_token_file: None,
            timeout: Duration::from_secs(10),
            wait: Duration::from_secs(30),
        }
    }
}

impl Settings {
    /// Where an agent listens if nothing is said.
    pub const DEFAULT_ADDRESS: &str = "http://127.0.0.1:4646";

    /// Fills what is not set from the variables that Nomad's own command line reads, given by `lookup`.
    ///
    /// Together they describe one cluster. Nothing is taken where `NOMAD_ADDR` names another than these settings: the token
    /// of one cluster is not for the next.
    #[must_use]
    pub fn with_environment(mut self, lookup: impl Fn(&str) -> Option<String>) -> Self {
        let lookup = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let described = lookup("NOMAD_ADDR");
        if let (Some(ours), Some(theirs)) = (&self.address, &described)
            && ours.trim_end_matches('/') != theirs.trim_end_matches('/')
        {
            return self;
        }
        let text = |slot: &mut Option<String>, name| *slot = slot.take().or_else(|| lookup(name));
        text(&mut self.address, "NOMAD_ADDR");
        text(&mut self.region, "NOMAD_REGION");
        text(&mut self.namespace, "NOMAD_NAMESPACE");
        text(&mut self.tls_server_name, "NOMAD_TLS_SERVER_NAME");

        let path = |slot: &mut Option<PathBuf>, name| {
            *slot = slot.take().or_else(|| lookup(name).map(PathBuf::from));
        };
        path(&mut self.ca_file, "NOMAD_CACERT");
        path(&mut self.ca_path, "NOMAD_CAPATH");
        path(&mut self.client_cert_file, "NOMAD_CLIENT_CERT");
        path(&mut self.client_key_file, "NOMAD_CLIENT_KEY");

        let secret = |slot: &mut Option<SecretString>, file: &Option<PathBuf>, name| {
            if file.is_none() {
                *slot = slot.take().or_else(|| lookup(name).map(SecretString::from));
            }
        };
        secret(&mut self.token, &self.token_file, "NOMAD_TOKEN");
        secret(&mut self.http_auth, &self.http_auth_file, "NOMAD_HTTP_AUTH");
        secret(&mut self.vault_token, &self.vault_token_file, "VAULT_TOKEN");
        secret(
            &mut self.consul_token,
            &self.consul_token_file,
            "CONSUL_HTTP_TOKEN",
        );

        self.skip_verify |= lookup("NOMAD_SKIP_VERIFY").is_some_and(|value| is_true(&value));
        self
    }
}

/// As Go's `strconv.ParseBool`, which Nomad's command line uses.
fn is_true(text: &str) -> bool {
    matches!(text, "1" | "t" | "T" | "true" | "TRUE" | "True")
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    humantime::parse_duration(&text).map_err(|_| {
        serde::de::Error::custom(format!(
            "a duration reads `10s` or `1m 30s`, found `{text}`"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;
    use serde_json::json;

    fn environment(name: &str) -> Option<String> {
        (name != "NOMAD_REGION").then(|| {
            if name == "NOMAD_SKIP_VERIFY" {
                "1".into()
            } else {
                name.into()
            }
        })
    }

    #[test]
    fn the_environment_fills_only_what_is_not_set() {
        let settings: Settings = serde_json::from_value(
            json!({ "namespace": "apps", "token_file": "/token", "timeout": "3s" }),
        )
        .unwrap();
        let settings = settings.with_environment(environment);
        assert_eq!(settings.address.as_deref(), Some("NOMAD_ADDR"));
        assert_eq!(settings.region, None);
        assert_eq!(settings.namespace.as_deref(), Some("apps"));
        assert!(
            settings.token.is_none(),
            "a token file stands against NOMAD_TOKEN"
        );
        assert_eq!(
            settings.http_auth.unwrap().expose_secret(),
            "NOMAD_HTTP_AUTH"
        );
        assert_eq!(settings.ca_file, Some("NOMAD_CACERT".into()));
        assert!(settings.skip_verify);
        assert_eq!(settings.timeout, Duration::from_secs(3));
    }

    #[test]
    fn the_environment_of_another_cluster_is_left_alone() {
        let settings = |address: &str| {
            serde_json::from_value::<Settings>(json!({ "address": address })).unwrap()
        };
        let lookup = |name: &str| match name {
            "NOMAD_ADDR" => Some("https://one.example:4646/".to_owned()),
            "NOMAD_TOKEN" => Some("secret of one".to_owned()),
            _ => None,
        };
        let two = settings("https://two.example:4646").with_environment(lookup);
        assert!(two.token.is_none(), "the token of one is not sent to two");
        let one = settings("https://one.example:4646").with_environment(lookup);
        assert!(one.token.is_some());
        let only_a_token = |name: &str| (name == "NOMAD_TOKEN").then(|| "secret".to_owned());
        assert!(
            settings("https://two.example:4646")
                .with_environment(only_a_token)
                .token
                .is_some()
        );
    }

    #[test]
    fn no_secret_is_in_the_debug_text() {
        let settings =
            Settings::default().with_environment(|name| Some(format!("secret of {name}")));
        let text = format!("{settings:?}");
        assert!(
            !text.contains("secret of NOMAD_TOKEN") && !text.contains("secret of VAULT_TOKEN"),
            "{text}"
        );
    }

    #[test]
    fn an_unknown_key_is_an_error() {
        let error = serde_json::from_value::<Settings>(json!({ "adress": "x" })).unwrap_err();
        assert!(error.to_string().contains("`adress`"), "{error}");
        let error = serde_json::from_value::<Settings>(json!({ "wait": "soon" })).unwrap_err();
        assert!(error.to_string().contains("found `soon`"), "{error}");
    }
}
