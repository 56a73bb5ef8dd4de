//! The suite of the Notifier port: [`notifier_suite!`](crate::notifier_suite).

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a clause fails by panicking, and says what it expected"
)]

use std::time::Duration;

use async_trait::async_trait;
use registrywatcher::deployment::{DeploymentId, Failure};
use registrywatcher::event::{Event, EventId, EventKind, Subject};
use registrywatcher::ports::{Notifier, NotifyError};
use uuid::Uuid;

use crate::samples;

/// A fresh adapter whose sink takes everything, and the moves from outside.
///
/// The adapter gives a silent sink up within a few seconds, so that the suite need not wait for long.
#[async_trait]
pub trait NotifierHarness: Send + Sync {
    /// The adapter under test.
    fn notifier(&self) -> &dyn Notifier;

    /// A kind of event that the sink does not tell.
    fn untold(&self) -> EventKind;

    /// The part of the sink's address that must stay secret.
    fn secret(&self) -> String;

    /// How many messages the sink took.
    async fn taken(&self) -> usize;

    /// Makes the sink refuse from now on.
    async fn refuse(&self);

    /// Makes the sink ask to wait for a minute from now on.
    async fn ask_to_wait(&self);

    /// Takes the sink down.
    async fn break_down(&self);

    /// Makes the sink accept connections and answer nothing from now on.
    async fn hang(&self);

    /// Makes the sink take everything again.
    async fn recover(&self);
}

/// An event of a kind that the sink does not tell is `Ok` and sends nothing.
pub async fn an_event_that_the_sink_does_not_tell_sends_nothing(harness: impl NotifierHarness) {
    let untold = Event {
        kind: harness.untold(),
        ..succeeded(1)
    };
    harness
        .notifier()
        .deliver(&untold)
        .await
        .expect("what is not told is delivered");
    assert_eq!(harness.taken().await, 0);

    harness.refuse().await;
    harness
        .notifier()
        .deliver(&untold)
        .await
        .expect("a refusing sink is not asked");

    harness.recover().await;
    harness
        .notifier()
        .deliver(&succeeded(2))
        .await
        .expect("the sink takes what it tells");
    assert_eq!(harness.taken().await, 1);
}

/// A delivered event arrives once for each `Ok`.
pub async fn a_delivered_event_arrives_once_for_each_ok(harness: impl NotifierHarness) {
    for (index, event) in [succeeded(1), failed(2), succeeded(2), succeeded(2)]
        .iter()
        .enumerate()
    {
        harness
            .notifier()
            .deliver(event)
            .await
            .expect("the sink takes everything");
        assert_eq!(harness.taken().await, index + 1);
    }
    harness.refuse().await;
    harness
        .notifier()
        .deliver(&succeeded(3))
        .await
        .expect_err("the sink refuses");
    assert_eq!(harness.taken().await, 4, "what was refused has not arrived");
}

/// A sink that refuses is [`NotifyError::Rejected`]; one that is down or asks to wait is [`NotifyError::Unavailable`].
pub async fn a_refusal_is_rejected_and_a_sink_that_is_down_unavailable(
    harness: impl NotifierHarness,
) {
    let notifier = harness.notifier();
    harness.refuse().await;
    let refusal = notifier.deliver(&succeeded(1)).await;
    assert!(
        matches!(refusal, Err(NotifyError::Rejected { .. })),
        "refused, got {refusal:?}"
    );

    harness.ask_to_wait().await;
    match notifier.deliver(&succeeded(1)).await {
        Err(NotifyError::Unavailable { retry_after, .. }) => {
            assert_eq!(
                retry_after,
                Some(Duration::from_mins(1)),
                "the wait is handed on"
            );
        }
        other => panic!("asked to wait, got {other:?}"),
    }

    harness.break_down().await;
    let outage = notifier.deliver(&succeeded(1)).await;
    assert!(
        matches!(outage, Err(NotifyError::Unavailable { .. })),
        "down, got {outage:?}"
    );

    harness.recover().await;
    notifier
        .deliver(&succeeded(1))
        .await
        .expect("the sink is up again");
}

/// A sink that does not answer is given up within a bounded time.
pub async fn a_sink_that_does_not_answer_is_given_up(harness: impl NotifierHarness) {
    harness.hang().await;
    let event = succeeded(1);
    let outcome = tokio::time::timeout(Duration::from_secs(30), harness.notifier().deliver(&event))
        .await
        .expect("the delivery ends by itself");
    assert!(
        matches!(outcome, Err(NotifyError::Unavailable { .. })),
        "silent, got {outcome:?}"
    );
}

/// No error names the sink's address, which is a secret.
pub async fn no_error_names_the_sinks_address(harness: impl NotifierHarness) {
    let mut errors = Vec::new();
    harness.refuse().await;
    errors.push(harness.notifier().deliver(&succeeded(1)).await);
    harness.ask_to_wait().await;
    errors.push(harness.notifier().deliver(&succeeded(1)).await);
    harness.hang().await;
    errors.push(harness.notifier().deliver(&succeeded(1)).await);
    harness.break_down().await;
    errors.push(harness.notifier().deliver(&succeeded(1)).await);

    let secret = harness.secret();
    for error in errors {
        let error = error.expect_err("no delivery succeeded");
        assert!(
            !error.to_string().contains(&secret),
            "the address is in: {error}"
        );
        assert!(
            !format!("{error:?}").contains(&secret),
            "the address is in Debug of: {error}"
        );
    }
}

/// Tells that a deployment succeeded, which every sink tells.
fn succeeded(id: EventId) -> Event {
    event(id, EventKind::DeploymentSucceeded { subject: subject() })
}

/// Tells that a deployment failed, which every sink tells.
fn failed(id: EventId) -> Event {
    let reason = Failure::Image {
        message: "exited with code 1".to_owned(),
    };
    event(
        id,
        EventKind::DeploymentFailed {
            subject: subject(),
            reason,
            restored: true,
        },
    )
}

fn event(id: EventId, kind: EventKind) -> Event {
    let second = i64::try_from(id).expect("the suite counts in small numbers");
    Event {
        id,
        at: samples::at(second),
        watch: Some("web".parse().expect("a name")),
        kind,
    }
}

fn subject() -> Subject {
    Subject {
        deployment: DeploymentId(Uuid::from_u128(7)),
        workload: samples::workload("production", &[("job", "web"), ("task", "server")]),
        repository: "ghcr.io/acme/web".parse().expect("a repository"),
        tag: samples::tag("v1.4.0"),
        digest: samples::digest(7),
        previous_tag: Some(samples::tag("v1.3.0")),
        attempt: 1,
    }
}

/// Runs every clause of the Notifier port's contract over an adapter, one named test each.
///
/// `$harness` is the path of an `async fn() -> impl NotifierHarness`.
#[macro_export]
macro_rules! notifier_suite {
    ($harness:path) => {
        $crate::notifier_suite! { @clauses $harness =>
            an_event_that_the_sink_does_not_tell_sends_nothing,
            a_delivered_event_arrives_once_for_each_ok,
            a_refusal_is_rejected_and_a_sink_that_is_down_unavailable,
            a_sink_that_does_not_answer_is_given_up,
            no_error_names_the_sinks_address,
        }
    };
    (@clauses $harness:path => $($clause:ident,)+) => {$(
        #[tokio::test]
        async fn $clause() {
            $crate::notifier::$clause($harness().await).await;
        }
    )+};
}
