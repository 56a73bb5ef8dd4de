//! No secret appears anywhere, however much is logged.

use serde_json::json;

use crate::databases::Database;
use crate::program::Program;
use crate::service::Service;
use crate::site::{REPOSITORY, Site};
use crate::webhook::{SECRET, Webhook};

const PASSWORD: &str = "hunter2:with:colons";
const NOMAD_TOKEN: &str = "7f9c1f2e-nomad-secret";
const API_TOKEN: &str = "the-operators-token";

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_appears_in_logs_answers_or_events() {
    let webhook = Webhook::start().await;
    let site = Site::open(Database::sqlite()).await;
    site.registry.configure(|settings| {
        settings.authentication = registrywatcher_simulator::Authentication::basic("bot", PASSWORD);
    });
    site.nomad
        .configure(|settings| settings.token = Some(NOMAD_TOKEN.to_owned()));
    let host = site.registry.host();
    let token_file = site.database.folder().join("token");
    std::fs::write(&token_file, API_TOKEN).unwrap();
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
        tokens = [{{ name = "operator", role = "admin", token_file = "{token}" }}]

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
        token = token_file.display(),
        slack = webhook.url(),
        nomad = site.nomad.url(),
    ));
    let printed = program.run(&["config", "check"]).await;
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

    let answers = answers(&service).await;
    let log = service.log();
    assert!(log.len() > 10_000, "the log is a full one");
    for (place, text) in [
        ("config check", &printed.stdout),
        ("log", &log),
        ("answers", &answers),
    ] {
        for secret in [PASSWORD, NOMAD_TOKEN, API_TOKEN, SECRET] {
            assert!(!text.contains(secret), "{secret} is in the {place}");
        }
    }
}

async fn answers(service: &Service) -> String {
    let mut answers = String::new();
    for path in [
        "/repos",
        "/debug/caches",
        "/readyz",
        "/openapi.json",
        "/api/v1/watches",
        "/api/v1/watches/web",
        "/api/v1/deployments",
        "/api/v1/events",
    ] {
        answers += &service.get(path).await.1.to_string();
    }
    let refused = service
        .post("/tags/web", json!({ "pinned_tag": "v1.0.0" }))
        .await;
    answers + &refused.1.to_string()
}
