//! How a message is sent: what the sink sees, and what becomes of each of its answers.

use std::time::Duration;

use registrywatcher::ports::{Notifier, NotifyError};
use registrywatcher_notifier_http::DeliveryLimits;
use tokio::net::TcpListener;

use crate::notifiers::{discord, event, slack};
use crate::sink::{Reply, SECRET, Sink};

fn busy() -> Reply {
    Reply::status("503 Service Unavailable", "")
}

fn limited(retry_after: &str) -> Reply {
    Reply::status("429 Too Many Requests", "").with_header("retry-after", retry_after)
}

#[tokio::test]
async fn a_message_is_posted_as_json_to_the_webhooks_path() {
    let sink = Sink::start().await;
    slack(&sink.url()).deliver(&event()).await.unwrap();
    let request = &sink.requests()[0];
    assert_eq!(request.line, format!("POST /services/{SECRET} HTTP/1.1"));
    assert_eq!(request.header("content-type"), "application/json");
    let body: serde_json::Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(
        body["text"],
        "web: deployed v1.4.0 (abababababab) on production:job=web"
    );
    assert_eq!(body["attachments"][0]["color"], "#00FF00");
}

#[tokio::test]
async fn a_sink_that_is_busy_for_a_moment_is_asked_again() {
    for reply in [
        limited("0"),
        busy(),
        Reply::status("408 Request Timeout", ""),
        Reply::status("425 Too Early", ""),
    ] {
        let sink = Sink::start().await;
        sink.reply_next([reply.clone(), reply]);
        slack(&sink.url()).deliver(&event()).await.unwrap();
        assert_eq!((sink.requests().len(), sink.taken()), (3, 1));
    }
}

#[tokio::test]
async fn a_sink_that_stays_busy_is_unavailable_after_the_last_attempt() {
    let sink = Sink::start().await;
    sink.reply(busy());
    let error = slack(&sink.url()).deliver(&event()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the sink is unavailable: it answered 503 Service Unavailable"
    );
    assert_eq!(sink.requests().len(), 3);
}

#[tokio::test]
async fn a_long_wait_is_handed_on_and_not_waited_for() {
    let by_date = limited("Wed, 21 Oct 2026 07:30:00 GMT")
        .with_header("date", "Wed, 21 Oct 2026 07:28:00 GMT");
    for (reply, seconds) in [(limited("3600"), 3600), (by_date, 120)] {
        let sink = Sink::start().await;
        sink.reply(reply);
        match slack(&sink.url()).deliver(&event()).await {
            Err(NotifyError::Unavailable { retry_after, .. }) => {
                assert_eq!(retry_after, Some(Duration::from_secs(seconds)));
            }
            other => panic!("the sink asked to wait, got {other:?}"),
        }
        assert_eq!(sink.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_refusal_is_told_in_the_sinks_own_word_and_not_tried_again() {
    for (status, word) in [
        ("400 Bad Request", "invalid_payload"),
        ("403 Forbidden", "action_prohibited"),
        ("404 Not Found", "no_service"),
        ("410 Gone", "channel_is_archived"),
    ] {
        let sink = Sink::start().await;
        sink.reply(Reply::status(status, &format!("{word}\n")));
        let error = slack(&sink.url()).deliver(&event()).await.unwrap_err();
        assert!(!error.is_transient());
        assert_eq!(
            error.to_string(),
            format!("the sink refused the event: it answered {status}: {word}")
        );
        assert_eq!(sink.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_refusal_in_json_is_told_by_its_code() {
    for (body, told) in [
        (
            r#"{"message": "Unknown Webhook", "code": 10015}"#,
            ": code 10015",
        ),
        (
            r#"{"id": "web.incoming_webhook.invalid.app_error", "message": "x"}"#,
            ": web.incoming_webhook.invalid.app_error",
        ),
        (
            r#"{"error": {"code": "WorkflowTriggerIsNotEnabled", "message": "x"}}"#,
            ": WorkflowTriggerIsNotEnabled",
        ),
        (r#"{"code": "no such thing"}"#, ""),
        (r#"{"code": "services"}"#, ""),
    ] {
        let sink = Sink::start().await;
        sink.reply(Reply::status("404 Not Found", body));
        let error = slack(&sink.url()).deliver(&event()).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("the sink refused the event: it answered 404 Not Found{told}")
        );
    }
}

#[tokio::test]
async fn discord_is_asked_to_answer_once_it_has_the_message() {
    let sink = Sink::start().await;
    let in_thread = format!("{}?thread_id=7", sink.url());
    discord(&in_thread).deliver(&event()).await.unwrap();
    assert_eq!(
        sink.requests()[0].line,
        format!("POST /services/{SECRET}?thread_id=7&wait=true HTTP/1.1")
    );
}

#[tokio::test]
async fn a_refusal_in_anything_but_one_word_is_not_quoted() {
    for body in [
        String::new(),
        format!("no {SECRET}"),
        "X".to_owned(),
        "a".repeat(100_000),
    ] {
        let sink = Sink::start().await;
        sink.reply(Reply::status("404 Not Found", &body));
        let error = slack(&sink.url()).deliver(&event()).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "the sink refused the event: it answered 404 Not Found"
        );
    }
}

#[tokio::test]
async fn a_redirect_is_refused_and_not_followed() {
    let (sink, elsewhere) = (Sink::start().await, Sink::start().await);
    sink.reply(
        Reply::status("307 Temporary Redirect", "").with_header("location", &elsewhere.url()),
    );
    let error = slack(&sink.url()).deliver(&event()).await.unwrap_err();
    assert!(matches!(error, NotifyError::Rejected { .. }), "{error}");
    assert_eq!((sink.requests().len(), elsewhere.requests().len()), (1, 0));
}

#[tokio::test]
async fn a_connection_that_breaks_is_not_tried_again_for_the_message_may_have_arrived() {
    let sink = Sink::start().await;
    sink.reply(Reply::Broken);
    let error = slack(&sink.url()).deliver(&event()).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    assert_eq!(sink.requests().len(), 1);
}

#[tokio::test]
async fn a_sink_that_is_not_there_is_unavailable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let notifier = slack(&format!("http://{address}/services/{SECRET}"));
    let error = notifier.deliver(&event()).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    let words = error.to_string();
    assert!(words.contains("cannot be connected to"), "{words}");
    assert!(
        !words.contains(&address.to_string()) && !words.contains(SECRET),
        "{words}"
    );
}

#[tokio::test]
async fn a_silent_sink_is_given_up_after_the_timeout_and_not_asked_again() {
    let sink = Sink::start().await;
    sink.reply(Reply::Silence);
    let limits = DeliveryLimits {
        timeout: Duration::from_millis(200),
        ..DeliveryLimits::default()
    };
    let notifier = slack(&sink.url()).with_limits(limits);
    let delivery = tokio::time::timeout(Duration::from_secs(30), async move {
        notifier.deliver(&event()).await.unwrap_err().to_string()
    });
    assert_eq!(
        delivery.await.unwrap(),
        "the sink is unavailable: it did not answer within 200ms"
    );
    assert_eq!(sink.requests().len(), 1);
}
