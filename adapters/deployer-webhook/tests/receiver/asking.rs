//! What answers to the request for a deployment mean.

use std::time::Duration;

use registrywatcher::deployment::Failure;
use registrywatcher::ports::{DeployError, Deployer, Progress};
use registrywatcher_deployer_webhook::Settings;
use registrywatcher_memory::MemoryClock;

use crate::double::Receiver;
use crate::http::Reply;
use crate::{apply, deployer, first_look, open, rollout, settings};

async fn outcome(reply: Reply) -> Progress {
    let receiver = Receiver::start().await;
    receiver.reply_next([reply]);
    let progress = first_look(&deployer(&receiver)).await;
    assert_eq!(receiver.requests().len(), 1, "it has ended at once");
    progress
}

async fn error(reply: Reply) -> DeployError {
    let receiver = Receiver::start().await;
    receiver.reply_next([reply]);
    let answer = deployer(&receiver).apply(&apply()).await;
    answer.expect_err("it is not taken on")
}

#[tokio::test]
async fn success_is_the_end_unless_the_body_says_otherwise() {
    for (status, body) in [
        (200, ""),
        (200, "ok"),
        (200, r#"{"status": "ok"}"#),
        (200, r#"{"status": "succeeded"}"#),
        (201, "{}"),
        (204, ""),
        (202, r#"{"status": "succeeded"}"#),
    ] {
        let progress = outcome(Reply::status(status, body)).await;
        assert_eq!(progress, Progress::Succeeded, "{status} {body}");
    }
    let failed = r#"{"status": "failed", "message": "no", "restored": true}"#;
    let expected = Progress::Failed {
        reason: Failure::Image {
            message: "no".into(),
        },
        restored: true,
    };
    assert_eq!(outcome(Reply::status(200, failed)).await, expected);
}

#[tokio::test]
async fn a_refusal_tells_the_image_s_fault_from_the_settings_fault() {
    let blames_image = |progress: &Progress| match progress {
        Progress::Failed { reason, restored } => {
            assert!(!restored, "nothing was done");
            reason.blames_image()
        }
        other => panic!("failed, got {other:?}"),
    };
    for (status, body) in [
        (422, "no manifest"),
        (400, r#"{"fault": "image"}"#),
        (404, r#"{"fault": "image", "message": "no manifest"}"#),
    ] {
        let progress = outcome(Reply::status(status, body)).await;
        assert!(blames_image(&progress), "{status} {body}: {progress:?}");
    }
    let full = r#"{"fault": "orchestrator", "message": "no room"}"#;
    let progress = outcome(Reply::status(422, full)).await;
    assert!(!blames_image(&progress));

    for (status, body, message) in [
        (400, "what is that?", "what is that?"),
        (401, "", "check `secrets`"),
        (
            403,
            r#"{"detail": "not yours"}"#,
            "not yours; check `secrets`",
        ),
        (410, "", "410"),
        (
            422,
            r#"{"fault": "workload", "message": "it is stopped"}"#,
            "it is stopped",
        ),
        (301, "", "redirects are not followed"),
    ] {
        let error = error(Reply::status(status, body)).await;
        assert!(
            matches!(error, DeployError::Refused { .. }),
            "{status}: {error:?}"
        );
        assert!(error.to_string().contains(message), "{status}: {error}");
    }
    let unknown = error(Reply::status(404, "<html>nginx</html>")).await;
    assert!(matches!(unknown, DeployError::WorkloadNotFound { .. }));
    assert!(!unknown.to_string().contains("html"), "{unknown}");
}

#[tokio::test]
async fn a_conflict_is_what_the_receiver_makes_of_it() {
    let waits = error(Reply::status(409, r#"{"message": "7 rolls out"}"#)).await;
    assert!(
        waits.is_transient() && waits.to_string().contains("7 rolls out"),
        "{waits}"
    );

    let superseded = outcome(Reply::status(409, r#"{"status": "superseded"}"#)).await;
    assert_eq!(superseded, Progress::Superseded);

    let receiver = Receiver::start().await;
    let known = Reply::status(409, r#"{"status": "running"}"#).with_header("location", "/s");
    receiver.reply_next([known, Reply::status(200, r#"{"status": "succeeded"}"#)]);
    assert_eq!(first_look(&deployer(&receiver)).await, Progress::Succeeded);
    assert_eq!(receiver.requests()[1].line, "GET /s");
}

#[tokio::test]
async fn what_may_pass_is_unavailable() {
    for reply in [
        Reply::status(408, ""),
        Reply::status(425, ""),
        Reply::status(429, ""),
        Reply::status(500, "oops"),
        Reply::status(503, ""),
        Reply::Broken,
        Reply::Cut,
    ] {
        let error = error(reply.clone()).await;
        assert!(error.is_transient(), "{reply:?}: {error:?}");
    }
    let mut receiver = Receiver::start().await;
    let deployer = deployer(&receiver);
    receiver.stop().await;
    let error = deployer.apply(&apply()).await.unwrap_err();
    assert!(error.is_transient(), "{error:?}");
    assert!(
        !error.to_string().contains("/hook"),
        "the address may be a secret: {error}"
    );
}

#[tokio::test]
async fn a_receiver_that_is_silent_is_not_waited_for() {
    let receiver = Receiver::start().await;
    receiver.reply_next([Reply::Silence]);
    let settings = Settings {
        timeout: Duration::from_millis(50),
        ..settings(&receiver)
    };
    let deployer = open(&settings, &MemoryClock::new());
    let error = deployer.apply(&apply()).await.unwrap_err();
    assert!(error.is_transient(), "{error:?}");
    assert!(
        error.to_string().contains("did not answer in time"),
        "{error}"
    );
}

#[tokio::test]
async fn a_receiver_that_asks_for_a_pause_is_left_alone_for_so_long() {
    let receiver = Receiver::start().await;
    let busy = Reply::status(429, "busy").with_header("retry-after", "30");
    receiver.reply_next([busy, Reply::status(204, "")]);
    let clock = MemoryClock::new();
    let deployer = open(&settings(&receiver), &clock);
    deployer.apply(&apply()).await.unwrap_err();
    clock.advance(Duration::from_secs(29));
    let error = deployer.apply(&apply()).await.unwrap_err();
    assert!(
        error.is_transient() && error.to_string().contains("busy"),
        "{error}"
    );
    assert_eq!(receiver.requests().len(), 1, "it was not asked again");

    clock.advance(Duration::from_secs(1));
    deployer.apply(&apply()).await.unwrap();
    assert_eq!(receiver.requests().len(), 2);
}

#[tokio::test]
async fn only_an_address_of_the_same_origin_is_followed() {
    let elsewhere = Receiver::start().await;
    let other_port = elsewhere.url();
    for address in [
        other_port.as_str(),
        "https://127.0.0.1/s",
        "//evil.example/s",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "http://[broken",
    ] {
        let by_header = Reply::status(202, "").with_header("location", address);
        let by_body = serde_json::json!({ "status": "running", "status_url": address });
        for reply in [by_header, Reply::status(202, &by_body.to_string())] {
            let error = error(reply).await;
            assert!(
                matches!(error, DeployError::Refused { .. }),
                "{address}: {error:?}"
            );
        }
    }
    assert!(elsewhere.requests().is_empty());

    let error = error(Reply::status(202, "")).await;
    assert!(
        error
            .to_string()
            .contains("without a `Location` or `status_url`"),
        "{error}"
    );
}

#[tokio::test]
async fn an_answer_without_end_is_no_answer() {
    let endless = format!(
        r#"{{"status": "failed", "message": "{}"}}"#,
        "x".repeat(1 << 20)
    );
    let error = self::error(Reply::status(200, &endless)).await;
    assert!(error.is_transient(), "{error}");
}

#[tokio::test]
async fn people_see_the_start_of_a_long_message() {
    let error = error(Reply::status(400, &"word ".repeat(400))).await;
    let message = error.to_string();
    assert!(
        message.contains("word word") && message.len() < 700,
        "{message}"
    );
}

#[tokio::test]
async fn no_redirect_is_followed_whatever_is_asked() {
    let (receiver, elsewhere) = (Receiver::start().await, Receiver::start().await);
    let settings = Settings {
        running_url: Some("/running".into()),
        ..settings(&receiver)
    };
    let deployer = open(&settings, &MemoryClock::new());
    let taken = Reply::status(202, "").with_header("location", "/s");
    for status in [301, 302, 303, 307, 308] {
        let away = Reply::status(status, "").with_header("location", &elsewhere.url());
        receiver.reply_next([away.clone(), away.clone(), taken.clone(), away]);
        deployer.apply(&apply()).await.unwrap_err();
        let workload = apply().workload;
        deployer.running(&workload).await.unwrap_err();
        let accepted = deployer.apply(&apply()).await.unwrap();
        deployer.follow(&rollout(accepted)).await.unwrap_err();
    }
    assert!(elsewhere.requests().is_empty());
}
