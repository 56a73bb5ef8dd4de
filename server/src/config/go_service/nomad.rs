use toml::{Table, Value};

use crate::config::environment::Environment;
use crate::config::fault::Findings;
use crate::config::key::Key;

/// Where the Go service found its Nomad: the variables of Nomad's own client, and what each sets.
const VARIABLES: [(&str, &str); 11] = [
    ("NOMAD_ADDR", "address"),
    ("NOMAD_REGION", "region"),
    ("NOMAD_NAMESPACE", "namespace"),
    ("NOMAD_TOKEN", "token"),
    ("NOMAD_HTTP_AUTH", "http_auth"),
    ("NOMAD_CACERT", "ca_file"),
    ("NOMAD_CAPATH", "ca_path"),
    ("NOMAD_CLIENT_CERT", "client_cert_file"),
    ("NOMAD_CLIENT_KEY", "client_key_file"),
    ("NOMAD_TLS_SERVER_NAME", "tls_server_name"),
    ("VAULT_TOKEN", "vault_token"),
];

const SKIP_VERIFY: &str = "NOMAD_SKIP_VERIFY";

/// The section of the one Nomad.
pub(super) fn settings(environment: &Environment, findings: &mut Findings<'_>) -> Table {
    let mut settings = Table::from_iter([("kind".to_owned(), Value::from("nomad"))]);
    for (variable, setting) in VARIABLES {
        if let Some(value) = environment.get(variable) {
            settings.insert(setting.to_owned(), value.into());
        }
    }
    match environment.get(SKIP_VERIFY) {
        // As Go's `strconv.ParseBool`, which Nomad's client uses.
        Some("1" | "t" | "T" | "true" | "TRUE" | "True") => {
            settings.insert("skip_verify".to_owned(), true.into());
        }
        None | Some("0" | "f" | "F" | "false" | "FALSE" | "False") => {}
        Some(_) => findings.fault(
            &Key::root(),
            format!("{SKIP_VERIFY} is neither true nor false"),
        ),
    }
    settings
}
