//! What a newer server says.

use registrywatcher_client::types::{DeploymentState, WatchStatus};

#[test]
fn a_word_that_is_new_makes_no_answer_unreadable() {
    let known: DeploymentState = serde_json::from_str("\"succeeded\"").unwrap();
    assert_eq!(known, DeploymentState::Succeeded);
    let new: DeploymentState = serde_json::from_str("\"paused\"").unwrap();
    assert_eq!(
        (new, new.to_string()),
        (DeploymentState::Unrecognized, "unrecognized".to_owned())
    );
    let other: WatchStatus = serde_json::from_str("\"unknown\"").unwrap();
    assert_eq!(other, WatchStatus::Unknown);
}
