use super::*;

const FULL: &str = r#"
docker_config = false
[server]
listen = "0.0.0.0:80"
shutdown_grace = "0s"
cors_origins = ["https://dashboard.example", "http://localhost:3000"]
[store]
url = "postgres://rw:hunter2@db.example:5432/rw?sslmode=disable"
[[auth.tokens]]
name = "o'brien \"ops\""
role = "admin"
watches = ["num*"]
expires = "2027-01-31T00:00:00.5Z"
sha256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
[log]
format = "json"
filter = "info,poem=warn"
[poll]
interval = "1m30s"
[notifications.slack]
webhook_url = "https://hooks.slack.com/services/T000/B000/hunter2"
[notifications.audit]
kind = "http"
url = "https://hooks.slack.com/services/T000/B000/hunter2"
secrets = ["whsec_hunter2", "whsec_hunter2"]
instance = "berlin"
watches = ["web", "num*"]
kinds = ["frozen", "deployment_failed"]
severity = "warning"
repeats = true
[notifications.team]
kind = "mattermost"
webhook_url = "https://hooks.slack.com/services/T000/B000/hunter2"
channel = "ops"
[telemetry]
otlp_endpoint = "https://collector.example/otlp"
otlp_headers = ["authorization: hunter2", "x-scope: hunter2"]
[breaker]
failures = 5
within = "10m"
freeze_for = "1h"
[registries."registry.example:5000"]
username = "bot"
password = "hunter2"
plain_http = true
[registries."ghcr.io"]
identity_token = "hunter2"
[deployers.production]
kind = "nomad"
address = "https://rw:hunter2@nomad.example:4646"
token = "hunter2"
headers = { authorization = "hunter2" }
token_file = "/run/secrets/nomad"
retries = 3
[deployers.script]
kind = "exec"
command = ["./deploy.sh"]
environment = { A = "hunter2" }
[watches.web]
image = "nginx"
policy = { semver = ">=1.2, <3", prerelease = true, variant = "alpine", include = '^\d+"', exclude = "'" }
workloads = [{ deployer = "production", job = "web", "odd key" = "x" }, { deployer = "script" }]
mode = "observe"
drift = "correct"
adopt = "redeploy"
parallel = true
formerly = "website"
[watches.numbers]
image = "ghcr.io/acme/numbers"
policy = { numeric = "desc", extract = 'b(\d+)' }
workloads = [{ deployer = "production", job = "numbers" }]
[watches.letters]
image = "ghcr.io/acme/letters"
policy = { alphabetical = "asc" }
workloads = [{ deployer = "production", job = "letters" }]
[watches.fixed]
image = "ghcr.io/acme/fixed"
policy = { tag = "latest" }
workloads = [{ deployer = "production", job = "fixed" }]
"#;

#[test]
fn what_is_printed_reads_as_the_same_configuration() {
    let config = load(FULL);
    let printed = config.to_toml();
    let secrets_put_back = printed.replace(REDACTED, "hunter2").replace(
        "https://hooks.slack.com/hunter2",
        "https://hooks.slack.com/services/T000/B000/hunter2",
    );
    assert_eq!(load(&secrets_put_back), config, "from:\n{printed}");
    assert_eq!(
        load(&printed).to_toml(),
        printed,
        "with its redactions it can be read as well"
    );
}

#[test]
fn what_is_printed_shows_no_secret() {
    let config = load(FULL);
    let printed = config.to_toml();
    assert!(!printed.contains("hunter2"), "{printed}");
    assert!(!format!("{config:?}").contains("hunter2"));
    for shown in [
        "password = \"<redacted>\"",
        "identity_token = \"<redacted>\"",
        "url = \"postgres://rw:<redacted>@db.example:5432/rw?sslmode=disable\"",
        "webhook_url = \"https://hooks.slack.com/<redacted>\"",
        "secrets = [\"whsec_<redacted>\", \"whsec_<redacted>\"]",
        "otlp_headers = [\"authorization: <redacted>\", \"x-scope: <redacted>\"]",
        "retention = \"365d\"",
        "address = \"https://rw:<redacted>@nomad.example:4646\"",
        "token = \"<redacted>\"",
        "headers = { authorization = \"<redacted>\" }",
        "token_file = \"/run/secrets/nomad\"",
        "environment = { A = \"<redacted>\" }",
        "workloads = [{ deployer = \"production\", job = \"web\", \"odd key\" = \"x\" }, { deployer = \"script\" }]",
    ] {
        assert!(printed.contains(shown), "`{shown}` is not in:\n{printed}");
    }
}

#[test]
fn a_secret_from_a_file_is_printed_as_that_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, "sqlite://own.db").unwrap();
    let config = load(&format!(
        "docker_config = '{0}'\n[store]\nurl_file = '{0}'\n\
         [registries.'ghcr.io']\nusername = 'bot'\npassword_file = '{0}'\nca_file = '{0}'\n\
         [[auth.tokens]]\nname = 'a'\nrole = 'viewer'\ntoken_file = '{0}'\n",
        file.display()
    ));
    let printed = config.to_toml();
    assert!(!printed.contains(REDACTED), "{printed}");
    assert_eq!(load(&printed), config, "from:\n{printed}");
}

#[test]
fn the_defaults_are_printed_and_read_again() {
    let config = Sources::new().load().unwrap().config;
    assert_eq!(load(&config.to_toml()), config);
}

#[test]
fn a_url_keeps_what_is_no_secret() {
    for (url, shown) in [
        ("sqlite://registrywatcher.db", "sqlite://registrywatcher.db"),
        ("postgres://db/rw", "postgres://db/rw"),
        ("postgres://rw@db/rw", "postgres://rw@db/rw"),
        (
            "postgres://rw:p@ss:w@rd@db/rw",
            "postgres://rw:<redacted>@db/rw",
        ),
        (
            "postgres://db/rw?user=rw&password=x",
            "postgres://db/rw?<redacted>",
        ),
        ("no url", "no url"),
    ] {
        assert_eq!(secret::redact_url(url), shown, "of {url}");
    }
}
