//! No secret appears anywhere, however much is logged and whatever goes wrong.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use registrywatcher_simulator::Authentication;
use serde_json::json;

use crate::databases::{Database, on_both_databases};
use crate::program::Program;
use crate::service::Service;
use crate::site::{REPOSITORY, Site};
use crate::wait::eventually;
use crate::webhook::{SECRET, Webhook};

on_both_databases!(no_secret_appears_in_logs_answers_or_events);

const PASSWORD: &str = "registry:secret";
const NOMAD_TOKEN: &str = "7f9c1f2e-nomad-secret";
const API_TOKEN: &str = "the-operators-token";
/// Stands in the URL of every test database on Postgres.
const DATABASE_PASSWORD: &str = "hunter2";

/// Asserts that no secret stands in `text`, in plain or as it is sent.
#[track_caller]
fn is_clean(place: &str, text: &str) {
    let sent = STANDARD.encode(format!("bot:{PASSWORD}"));
    let secrets = [
        PASSWORD,
        &sent,
        NOMAD_TOKEN,
        API_TOKEN,
        DATABASE_PASSWORD,
        SECRET,
    ];
    for secret in secrets {
        assert!(!text.contains(secret), "{secret} is in the {place}");
    }
}

fn configured(site: &Site, webhook: &Webhook) -> Program {
    let host = site.registry.host();
    let program = Program::new(&format!(
        r#"
        docker_config = false

        [server]
        listen = "127.0.0.1:0"

        [store]
        url = "{store}"

        [poll]
        interval = "300ms"

        [log]
        filter = "trace"

        [auth]
        tokens = [{{ name = "operator", role = "admin", token_file = "token" }}]

        [notifications]
        slack = {{ webhook_url = "{slack}" }}

        [registries."{host}"]
        username = "bot"
        password = "{PASSWORD}"

        [deployers.nomad]
        kind = "nomad"
        address = "{nomad}"
        token = "{NOMAD_TOKEN}"

        [watches.web]
        image = "{host}/{REPOSITORY}"
        min_interval = "0s"
        workloads = [{{ deployer = "nomad", job = "web", task = "server" }}]
        "#,
        store = site.database.url(),
        slack = webhook.url(),
        nomad = site.nomad.url(),
    ));
    std::fs::write(program.folder().join("token"), API_TOKEN).unwrap();
    program
}

async fn no_secret_appears_in_logs_answers_or_events(database: Database) {
    let webhook = Webhook::start().await;
    let site = Site::open(database).await;
    // The password goes to the token endpoint, and the token that it gives to the registry.
    site.registry.configure(|settings| {
        settings.authentication = Authentication::bearer("registry", Some(("bot", PASSWORD)));
    });
    site.nomad
        .configure(|settings| settings.token = Some(NOMAD_TOKEN.to_owned()));
    let program = configured(&site, &webhook);
    let printed = program.run(&["config", "check"]).await;
    assert_eq!(printed.code, Some(0), "{printed:?}");
    is_clean("printed configuration", &printed.stdout);

    let service = program.serve().await.with_token(API_TOKEN);
    service.decides("web", "up_to_date").await;
    site.publish("v1.1.0");
    service
        .newest_deployment("web", "v1.1.0", "succeeded")
        .await;
    // Faults tell most: a sink, an orchestrator and a registry that are gone.
    drop(webhook);
    site.nomad.stop().await;
    site.registry.stop().await;
    service.decides("web", "registry_unknown").await;
    is_clean("answers", &answers(&service).await);

    // Or that take the secrets for wrong ones.
    site.registry.configure(|settings| {
        settings.authentication = Authentication::bearer("registry", Some(("bot", "another")));
    });
    site.registry.revoke_tokens();
    site.nomad
        .configure(|settings| settings.token = Some("another".to_owned()));
    site.registry.restart().await.unwrap();
    site.nomad.restart().await.unwrap();
    eventually("the registry refuses the password", async || {
        let watch = service.watch("web").await;
        let fault = watch["listing"]["fault"].as_str()?;
        fault.contains("may not be read").then_some(())
    })
    .await;
    is_clean("answers", &answers(&service).await);

    let log = service.log();
    assert!(log.contains("TRACE"), "{log}");
    is_clean("log", &log);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_fault_of_a_configuration_repeats_a_secret() {
    let config = format!(
        r#"
        [store]
        url = "postgres://rw:{DATABASE_PASSWORD}@db:port/rw"
        [auth]
        tokens = [{{ name = "operator", role = "admin", sha256 = "{API_TOKEN}" }}]
        [notifications]
        slack = {{ webhook_url = "hooks.slack.example/{SECRET}" }}
        [registries."ghcr.io"]
        password = "{PASSWORD}"
        [deployers.nomad]
        kind = "nomad"
        token = ["{NOMAD_TOKEN}"]
        "#
    );
    for verb in [&["config", "check"][..], &["serve"], &["check"]] {
        let ended = Program::new(&config).run(verb).await;
        assert_eq!(ended.code, Some(64), "{ended:?}");
        is_clean("faults", &(ended.stdout + &ended.stderr));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_not_there_is_told_without_its_password() {
    let mut program = Program::new("");
    let url = format!("postgres://rw:{DATABASE_PASSWORD}@127.0.0.1:1/rw");
    program.set("DATABASE_URL", &url);
    program.set("REGISTRYWATCHER_LOG__FILTER", "trace");
    for verb in ["migrate", "serve"] {
        let ended = program.run(&[verb]).await;
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.stderr.contains("127.0.0.1"), "{ended:?}");
        is_clean("error", &(ended.stdout + &ended.stderr));
    }
}

async fn answers(service: &Service) -> String {
    let mut answers = String::new();
    let paths = [
        "/repos",
        "/debug/caches",
        "/readyz",
        "/api/v1/watches",
        "/api/v1/watches/web",
        "/api/v1/deployments",
        "/api/v1/events",
    ];
    for path in paths {
        answers += &service.get(path).await.1.to_string();
    }
    let refused = service
        .post("/tags/web", json!({ "pinned_tag": "v1.0.0" }))
        .await;
    answers + &refused.1.to_string()
}
