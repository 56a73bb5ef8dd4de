//! What is told, and to whom.

use serde_json::{Value, json};

use crate::databases::{Database, on_both_databases};
use crate::site::Site;
use crate::wait::eventually;
use crate::webhook::Webhook;

on_both_databases!(slack_is_told_of_the_start_the_success_and_the_failure_of_a_deployment);

async fn slack_is_told_of_the_start_the_success_and_the_failure_of_a_deployment(
    database: Database,
) {
    let webhook = Webhook::start().await;
    let section = format!(
        "\n[notifications.slack]\nwebhook_url = \"{}\"\n",
        webhook.url()
    );
    let site = Site::open_with(database, &section).await;
    let service = site.program.serve().await;
    service.decides("web", "up_to_date").await;
    site.publish("v1.1.0");
    told(&webhook, 2).await;
    // What happens while nobody is told is told later.
    service.stop().await;
    let service = site.program.serve().await;
    site.publish_broken("v1.2.0");
    told(&webhook, 4).await;
    service.newest_deployment("web", "v1.2.0", "failed").await;

    let messages = distinct(&webhook);
    let outline: Vec<(&Value, &Value)> = messages
        .iter()
        .map(|message| {
            let attachment = &message["attachments"][0];
            (&attachment["title"], &attachment["color"])
        })
        .collect();
    let expected = [
        ("Deployment started", "#FFA500"),
        ("Deployment succeeded", "#00FF00"),
        ("Deployment started", "#FFA500"),
        ("Deployment failed", "#FF0000"),
    ]
    .map(|(title, color)| (json!(title), json!(color)));
    let expected: Vec<(&Value, &Value)> = expected.iter().map(|(t, c)| (t, c)).collect();
    assert_eq!(outline, expected);
    let text = messages[1]["text"].as_str().unwrap();
    assert!(text.contains("v1.0.0 → v1.1.0"), "{text}");
    let detail = messages[3]["attachments"][0]["text"].as_str().unwrap();
    assert!(
        detail.contains("it started and did not become healthy"),
        "{detail}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_sink_is_told_what_its_route_lets_through() {
    let (oncall, audit, elsewhere) = (
        Webhook::start().await,
        Webhook::start().await,
        Webhook::start().await,
    );
    let sections = format!(
        r#"
        [notifications.oncall]
        kind = "discord"
        webhook_url = "{}"
        severity = "error"

        [notifications.audit]
        kind = "http"
        url = "{}"
        secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]
        kinds = ["deployment_succeeded", "deployment_failed"]

        [notifications.elsewhere]
        kind = "mattermost"
        webhook_url = "{}"
        watches = ["api-*"]
        "#,
        oncall.url(),
        audit.url(),
        elsewhere.url()
    );
    let site = Site::open_with(Database::sqlite(), &sections).await;
    let service = site.program.serve().await;
    service.decides("web", "up_to_date").await;
    site.publish("v1.1.0");
    service
        .newest_deployment("web", "v1.1.0", "succeeded")
        .await;
    site.publish_broken("v1.2.0");
    told(&oncall, 1).await;
    told(&audit, 2).await;
    let kinds: Vec<Value> = audit
        .messages()
        .iter()
        .map(|event| event["type"].clone())
        .collect();
    assert_eq!(kinds.len(), 2, "{kinds:?}");
    assert!(
        kinds[0].as_str().unwrap().contains("succeeded"),
        "{kinds:?}"
    );
    assert!(kinds[1].as_str().unwrap().contains("failed"), "{kinds:?}");
    let told = oncall.messages();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["embeds"][0]["title"], "Deployment failed");
    assert_eq!(elsewhere.messages(), Vec::<Value>::new());
}

async fn told(webhook: &Webhook, count: usize) {
    eventually(&format!("{count} messages were taken"), async || {
        (distinct(webhook).len() >= count).then_some(())
    })
    .await;
}

/// What was told, once each: a message may come again when the service ends before it knows that it was taken.
fn distinct(webhook: &Webhook) -> Vec<Value> {
    let mut messages = webhook.messages();
    messages.dedup_by(|next, last| {
        next["attachments"] == last["attachments"] && next["id"] == last["id"]
    });
    messages
}
