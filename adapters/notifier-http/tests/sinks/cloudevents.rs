//! What an endpoint gets of an event, and how it knows by whom.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use registrywatcher::event::{Event, EventKind};
use registrywatcher::ports::{Clock as _, Notifier, NotifyError};
use registrywatcher_memory::MemoryClock;
use sha2::{Digest as _, Sha256};

use crate::notifiers::{NEW_SECRET, OLD_SECRET, cloudevents, event};
use crate::sink::{Reply, Request, Sink};

/// What a receiver of Standard Webhooks does: computes the signature anew and looks for it in the list.
fn is_signed(request: &Request, secret: &str) -> bool {
    let key = STANDARD
        .decode(secret.strip_prefix("whsec_").unwrap())
        .unwrap();
    let content = format!(
        "{}.{}.{}",
        request.header("webhook-id"),
        request.header("webhook-timestamp"),
        request.body
    );
    let signature = format!("v1,{}", STANDARD.encode(hmac(&key, content.as_bytes())));
    request
        .header("webhook-signature")
        .split(' ')
        .any(|known| known == signature)
}

/// HMAC with SHA-256, by its definition in RFC 2104.
fn hmac(key: &[u8], content: &[u8]) -> Vec<u8> {
    let mut block = [0; 64];
    block[..key.len()].copy_from_slice(key);
    let keyed = |pad: u8| block.map(|byte| byte ^ pad);
    let inner = Sha256::new()
        .chain_update(keyed(0x36))
        .chain_update(content)
        .finalize();
    let outer = Sha256::new().chain_update(keyed(0x5c)).chain_update(inner);
    outer.finalize().to_vec()
}

#[tokio::test]
async fn an_event_is_posted_in_structured_mode_under_its_own_id() {
    let (sink, clock) = (Sink::start().await, MemoryClock::new());
    cloudevents(&sink.url(), &clock)
        .deliver(&event())
        .await
        .unwrap();
    let request = &sink.requests()[0];
    assert_eq!(
        request.header("content-type"),
        "application/cloudevents+json; charset=utf-8"
    );
    let body: serde_json::Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(body["type"], "io.registrywatcher.deployment_succeeded.v1");
    assert_eq!(body["id"], "production-1");
    assert_eq!(request.header("webhook-id"), "production-1");
}

#[tokio::test]
async fn a_receiver_that_knows_either_secret_can_verify_the_message() {
    let (sink, clock) = (Sink::start().await, MemoryClock::new());
    cloudevents(&sink.url(), &clock)
        .deliver(&event())
        .await
        .unwrap();
    let request = &sink.requests()[0];
    assert!(is_signed(request, NEW_SECRET));
    assert!(is_signed(request, OLD_SECRET));
    assert!(!is_signed(
        request,
        "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    ));

    let mut forged = request.clone();
    forged.body = request.body.replace("v1.4.0", "v1.5.0");
    assert!(!is_signed(&forged, NEW_SECRET));
}

#[tokio::test]
async fn an_event_that_is_sent_again_keeps_its_id_and_is_signed_anew() {
    let (sink, clock) = (Sink::start().await, MemoryClock::new());
    let notifier = cloudevents(&sink.url(), &clock);
    sink.reply_next([Reply::Broken]);
    notifier.deliver(&event()).await.unwrap_err();
    let first = clock.now().timestamp();
    clock.advance(Duration::from_hours(1));
    notifier.deliver(&event()).await.unwrap();

    let requests = sink.requests();
    for (request, sent_at) in requests.iter().zip([first, first + 3600]) {
        assert_eq!(request.header("webhook-id"), "production-1");
        assert_eq!(request.header("webhook-timestamp"), sent_at.to_string());
        assert!(is_signed(request, NEW_SECRET));
    }
    assert_eq!(requests.len(), 2);
}

#[tokio::test]
async fn every_event_is_told() {
    let (sink, clock) = (Sink::start().await, MemoryClock::new());
    let added = Event {
        kind: EventKind::WatchAdded {
            repository: "ghcr.io/acme/web".parse().unwrap(),
        },
        ..event()
    };
    cloudevents(&sink.url(), &clock)
        .deliver(&added)
        .await
        .unwrap();
    assert_eq!(sink.taken(), 1);
}

#[tokio::test]
async fn an_endpoint_that_is_gone_refuses_for_good() {
    let (sink, clock) = (Sink::start().await, MemoryClock::new());
    sink.reply(Reply::status("410 Gone", ""));
    let outcome = cloudevents(&sink.url(), &clock).deliver(&event()).await;
    assert!(
        matches!(outcome, Err(NotifyError::Rejected { .. })),
        "{outcome:?}"
    );
    assert_eq!(sink.requests().len(), 1);
}
