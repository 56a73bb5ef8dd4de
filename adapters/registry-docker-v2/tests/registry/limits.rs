//! Rate limits and quotas: protocol section A.10, trap G.28.

use std::time::{Duration, SystemTime};

use registrywatcher::ports::{Quota, Registry, RegistryError};

use crate::double::{Auth, challenge};
use crate::fixture::{Fixture, LIST, account, fixture};
use crate::server::Reply;

/// Has everything answered by `reply`.
fn refuse(fixture: &Fixture, reply: Reply) {
    fixture.double.script(move |_, _| Some(reply.clone()));
}

#[track_caller]
fn wait_of<T: std::fmt::Debug>(outcome: Result<T, RegistryError>) -> Duration {
    let error = outcome.unwrap_err();
    assert!(
        matches!(error, RegistryError::RateLimited { .. }),
        "{error}"
    );
    error.retry_after().unwrap()
}

#[tokio::test]
async fn nobody_is_asked_before_the_wait_is_over() {
    let fixture = fixture().await;
    refuse(
        &fixture,
        Reply::new(429, "toomanyrequests").with("Retry-After", "120"),
    );
    assert_eq!(wait_of(fixture.tags().await), Duration::from_mins(2));
    assert_eq!(
        fixture.asked(),
        [LIST],
        "a limit is not tried again at once"
    );

    fixture.double.behave();
    fixture.clock.advance(100);
    assert_eq!(
        wait_of(fixture.resolve("v1").await),
        Duration::from_secs(20),
        "not that the tag is gone"
    );
    assert_eq!(
        wait_of(fixture.tags_of("team/api").await),
        Duration::from_secs(20)
    );
    assert_eq!(fixture.asked(), [""; 0]);

    fixture.clock.advance(20);
    fixture.tags().await.unwrap();
}

#[tokio::test]
async fn a_wait_may_be_told_by_a_date() {
    let fixture = fixture().await;
    let date = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_090);
    refuse(
        &fixture,
        Reply::new(429, "").with("Retry-After", httpdate::fmt_http_date(date)),
    );
    assert_eq!(wait_of(fixture.tags().await), Duration::from_secs(90));
}

#[tokio::test]
async fn a_wait_is_an_hour_at_most() {
    let fixture = fixture().await;
    refuse(&fixture, Reply::new(429, "").with("Retry-After", "86400"));
    assert_eq!(wait_of(fixture.tags().await), Duration::from_hours(1));
}

#[tokio::test]
async fn a_registry_that_does_not_say_how_long_is_left_alone_longer_each_time() {
    let fixture = fixture().await;
    refuse(&fixture, Reply::new(429, "Too Many Requests"));
    let mut waits = Vec::new();
    for _ in 0..6 {
        let wait = wait_of(fixture.tags().await);
        fixture.clock.advance(wait.as_secs() + 1);
        waits.push(wait);
    }
    assert!(
        waits[0] <= Duration::from_secs(2) && !waits[0].is_zero(),
        "{waits:?}"
    );
    assert!(waits[5] >= Duration::from_secs(32), "{waits:?}");

    fixture.double.behave();
    fixture.tags().await.unwrap();
    refuse(&fixture, Reply::new(429, "Too Many Requests"));
    assert!(
        wait_of(fixture.tags().await) <= Duration::from_secs(2),
        "a success starts anew"
    );
}

#[tokio::test]
async fn a_wait_is_for_one_credential() {
    let fixture = fixture().await;
    refuse(&fixture, Reply::new(429, "").with("Retry-After", "120"));
    wait_of(fixture.tags().await);
    fixture.double.behave();
    fixture.credentials.set(account("bot", "secret"));
    fixture.tags().await.unwrap();
}

#[tokio::test]
async fn a_token_server_may_ask_to_wait_as_well() {
    let fixture = fixture().await;
    fixture.double.require(Auth::Bearer);
    fixture.double.script(|request, _| match request.path() {
        "/token" => {
            Some(Reply::new(429, "too many failed login attempts").with("Retry-After", "60"))
        }
        _ => Some(challenge(request)),
    });
    assert_eq!(wait_of(fixture.tags().await), Duration::from_mins(1));
    fixture.asked();
    wait_of(fixture.tags().await);
    assert_eq!(fixture.asked(), [""; 0]);
}

#[tokio::test]
async fn an_overloaded_registry_that_says_how_long_is_left_alone() {
    let fixture = fixture().await;
    refuse(&fixture, Reply::new(503, "").with("Retry-After", "30"));
    assert_eq!(wait_of(fixture.tags().await), Duration::from_secs(30));
    assert_eq!(fixture.asked(), [LIST]);
}

#[tokio::test]
async fn what_is_left_of_a_quota_can_be_read() {
    let fixture = fixture().await;
    assert_eq!(fixture.registry.quotas(), []);
    fixture.credentials.set(account("bot", "secret"));
    fixture.double.script(|request, model| {
        let reply = model.serve(request).with("RateLimit-Limit", "200;w=21600");
        Some(reply.with("RateLimit-Remaining", "197;w=21600"))
    });
    fixture.resolve("v1").await.unwrap();
    let quotas = fixture.registry.quotas();
    assert_eq!(quotas.len(), 1);
    assert_eq!(quotas[0].registry.as_str(), fixture.double.server.host());
    assert_eq!(quotas[0].username.as_deref(), Some("bot"));
    assert_eq!((quotas[0].limit, quotas[0].remaining), (200, 197));
    assert_eq!(quotas[0].window, Some(Duration::from_hours(6)));
    let told = Quota {
        limit: 200,
        remaining: 197,
        window: Some(Duration::from_hours(6)),
        told_at: quotas[0].observed_at,
    };
    assert_eq!(fixture.registry.quota(&quotas[0].registry), Some(told));
    let other = "other.example".parse().unwrap();
    assert_eq!(fixture.registry.quota(&other), None);
}
