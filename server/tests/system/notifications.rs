//! What is told to Slack.

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
    told(&webhook, 5).await;
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
        ("Image quarantined", "#FFD700"),
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

async fn told(webhook: &Webhook, count: usize) {
    eventually(&format!("{count} messages were taken"), async || {
        (distinct(webhook).len() >= count).then_some(())
    })
    .await;
}

/// What was told, once each: a message may come again when the service ends before it knows that it was taken.
fn distinct(webhook: &Webhook) -> Vec<Value> {
    let mut messages = webhook.messages();
    messages.dedup_by(|next, last| next["attachments"] == last["attachments"]);
    messages
}
