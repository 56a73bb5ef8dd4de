//! How a rollout is followed to its end.

use std::time::Duration;

use registrywatcher::deployment::{Failure, RolloutHandle};
use registrywatcher::ports::{DeployError, Deployer, Progress, Rollout};
use registrywatcher_deployer_webhook::{Settings, WebhookDeployer};
use registrywatcher_memory::MemoryClock;

use crate::double::Receiver;
use crate::http::Reply;
use crate::{apply, deployer, open, rollout, settings};

fn taken() -> Reply {
    Reply::status(202, "").with_header("location", "/status?of=7")
}

fn running(message: &str) -> Reply {
    Reply::status(
        200,
        &format!(r#"{{"status": "running", "message": "{message}"}}"#),
    )
}

async fn take_on(deployer: &WebhookDeployer) -> Rollout {
    rollout(deployer.apply(&apply()).await.expect("it is taken on"))
}

async fn look(reply: Reply) -> Result<Progress, DeployError> {
    let receiver = Receiver::start().await;
    receiver.reply_next([taken(), reply]);
    let deployer = deployer(&receiver);
    let rollout = take_on(&deployer).await;
    deployer.follow(&rollout).await
}

#[tokio::test]
async fn an_end_is_told_with_its_reason() {
    let failed = |reason, restored| Progress::Failed { reason, restored };
    let message = "no room".to_owned();
    for (body, expected) in [
        (r#"{"status": "succeeded"}"#, Progress::Succeeded),
        (r#"{"status": "superseded"}"#, Progress::Superseded),
        (
            r#"{"status": "failed", "message": "no room", "restored": true}"#,
            failed(
                Failure::Image {
                    message: message.clone(),
                },
                true,
            ),
        ),
        (
            r#"{"status": "failed", "message": "no room", "fault": "orchestrator"}"#,
            failed(
                Failure::Orchestrator {
                    message: message.clone(),
                },
                false,
            ),
        ),
        (
            r#"{"status": "failed", "message": " no\nroom ", "fault": "workload"}"#,
            failed(Failure::Workload { message }, false),
        ),
        (
            r#"{"status": "failed", "fault": "moon", "restored": "yes"}"#,
            failed(
                Failure::Image {
                    message: "the receiver does not say why".into(),
                },
                false,
            ),
        ),
    ] {
        assert_eq!(
            look(Reply::status(200, body)).await.unwrap(),
            expected,
            "{body}"
        );
    }
}

#[tokio::test]
async fn what_is_no_status_decides_nothing() {
    for reply in [
        Reply::status(200, ""),
        Reply::status(200, "<html>"),
        Reply::status(200, r#"{"status": "done"}"#),
        Reply::status(200, r#"["succeeded"]"#),
        Reply::status(204, ""),
        Reply::status(303, "").with_header("location", "/result"),
        Reply::status(401, ""),
        Reply::status(404, ""),
        Reply::status(500, r#"{"status": "succeeded"}"#),
        Reply::Broken,
        Reply::Cut,
    ] {
        let answer = look(reply.clone()).await;
        assert!(
            matches!(&answer, Err(error) if error.is_transient()),
            "{reply:?}: {answer:?}"
        );
    }
}

#[tokio::test]
async fn a_deployment_that_is_gone_has_failed_by_no_fault_of_the_image() {
    let progress = look(Reply::status(410, "")).await.unwrap();
    let Progress::Failed { reason, restored } = progress else {
        panic!("failed, got {progress:?}")
    };
    assert!(matches!(reason, Failure::Orchestrator { .. }) && !restored);
}

#[tokio::test]
async fn news_are_told_at_once_and_the_same_is_not_told_twice() {
    let receiver = Receiver::start().await;
    let end = Reply::status(200, r#"{"status": "succeeded"}"#);
    let accepted = Reply::status(202, "");
    receiver.reply_next([taken(), running("1 of 2"), running("1 of 2"), accepted, end]);
    let deployer = deployer(&receiver);
    let rollout = take_on(&deployer).await;
    for detail in ["1 of 2", "the receiver rolls out"] {
        let expected = Progress::Rolling {
            detail: detail.into(),
        };
        assert_eq!(deployer.follow(&rollout).await.unwrap(), expected);
    }
    // Deployers of their own look anew: what follows is not left alone because of what came before.
    let other = self::deployer(&receiver);
    assert_eq!(other.follow(&rollout).await.unwrap(), Progress::Succeeded);
    let looks = receiver.requests().split_off(1);
    assert!(looks.iter().all(|look| look.line == "GET /status?of=7"));
    assert_eq!(looks.len(), 4);
}

#[tokio::test]
async fn a_status_is_left_alone_for_as_long_as_its_receiver_asks() {
    let receiver = Receiver::start().await;
    let later = |reply: Reply| reply.with_header("retry-after", "120");
    let end = Reply::status(200, r#"{"status": "succeeded"}"#);
    receiver.reply_next([
        later(taken()),
        later(running("pulling")),
        later(Reply::status(503, "")),
        end,
    ]);
    let clock = MemoryClock::new();
    let deployer = open(&settings(&receiver), &clock);
    let rollout = take_on(&deployer).await;

    let rolls = |progress: Progress, expected: &str| match progress {
        Progress::Rolling { detail } => assert_eq!(detail, expected),
        other => panic!("undecided, got {other:?}"),
    };
    rolls(
        deployer.follow(&rollout).await.unwrap(),
        "the receiver took it on",
    );
    assert_eq!(receiver.requests().len(), 1);
    clock.advance(Duration::from_mins(2));
    rolls(deployer.follow(&rollout).await.unwrap(), "pulling");
    rolls(deployer.follow(&rollout).await.unwrap(), "pulling");
    assert_eq!(receiver.requests().len(), 2);
    clock.advance(Duration::from_mins(2));
    deployer.follow(&rollout).await.unwrap_err();
    rolls(deployer.follow(&rollout).await.unwrap(), "pulling");
    assert_eq!(receiver.requests().len(), 3);
    clock.advance(Duration::from_mins(2));
    assert_eq!(
        deployer.follow(&rollout).await.unwrap(),
        Progress::Succeeded
    );
}

#[tokio::test]
async fn a_handle_is_followed_to_the_configured_receiver_alone() {
    let (receiver, elsewhere) = (Receiver::start().await, Receiver::start().await);
    let deployer = deployer(&receiver);
    let status_url = elsewhere.url();
    let handle = RolloutHandle(serde_json::json!({ "status_url": status_url }).to_string());
    let rollout = Rollout {
        apply: apply(),
        handle,
    };
    let progress = deployer.follow(&rollout).await.unwrap();
    assert!(
        matches!(
            &progress,
            Progress::Failed {
                reason: Failure::Workload { .. },
                ..
            }
        ),
        "got {progress:?}"
    );
    assert!(elsewhere.requests().is_empty());

    let unreadable = Rollout {
        handle: RolloutHandle("7".into()),
        ..rollout
    };
    let error = deployer.follow(&unreadable).await.unwrap_err();
    assert!(matches!(error, DeployError::Refused { .. }));
}

#[tokio::test]
async fn the_deadline_of_the_settings_is_what_the_orchestrator_allows() {
    let receiver = Receiver::start().await;
    receiver.reply_next([taken()]);
    let settings = Settings {
        deadline: Duration::from_mins(42),
        ..settings(&receiver)
    };
    let accepted = open(&settings, &MemoryClock::new()).apply(&apply()).await;
    assert_eq!(accepted.unwrap().allows, Some(Duration::from_mins(42)));
}

#[tokio::test]
async fn capabilities_are_those_of_the_receiver() {
    let receiver = Receiver::start().await;
    let bare = deployer(&receiver).capabilities();
    assert!(!bare.sees_running && !bare.carries_mark && !bare.reverts_itself);
    let settings = Settings {
        running_url: Some("/running".into()),
        reverts_itself: true,
        ..settings(&receiver)
    };
    let able = open(&settings, &MemoryClock::new()).capabilities();
    assert!(able.sees_running && able.carries_mark && able.reverts_itself);
}

#[tokio::test]
async fn what_runs_cannot_be_guessed_from_a_bad_answer() {
    let receiver = Receiver::start().await;
    let settings = Settings {
        running_url: Some("/running".into()),
        ..settings(&receiver)
    };
    let deployer = open(&settings, &MemoryClock::new());
    for (reply, is_transient) in [
        (Reply::status(200, "{}"), true),
        (Reply::status(204, ""), true),
        (Reply::status(302, ""), true),
        (Reply::status(429, ""), true),
        (Reply::status(500, ""), true),
        (Reply::status(403, ""), false),
    ] {
        receiver.reply_next([reply.clone()]);
        let error = deployer.running(&apply().workload).await.unwrap_err();
        assert_eq!(error.is_transient(), is_transient, "{reply:?}: {error}");
    }
}
