//! What an exit means for the deployment.

use registrywatcher::deployment::Failure;
use registrywatcher::ports::Progress;
use registrywatcher_conformance::deployer::roll_out;
use registrywatcher_deployer_exec::Settings;

use crate::{apply, deployer, shell};

async fn failure(settings: Settings) -> Failure {
    match roll_out(&deployer(settings), apply(2)).await {
        Progress::Failed {
            reason,
            restored: false,
        } => reason,
        other => panic!("a failure, got {other:?}"),
    }
}

fn fault(failure: &Failure) -> &'static str {
    match failure {
        Failure::Image { .. } => "image",
        Failure::Orchestrator { .. } => "orchestrator",
        Failure::Workload { .. } => "workload",
    }
}

#[tokio::test]
async fn an_exit_code_says_whose_fault_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let table = [
        ("exit 1", "image", "`sh` exited with code 1"),
        ("exit 2", "image", "`sh` exited with code 2"),
        ("exit 75", "orchestrator", "`sh` exited with code 75"),
        ("exit 126", "workload", "`sh` exited with code 126"),
        (
            "exec surely-no-program 2>/dev/null",
            "workload",
            "`sh` exited with code 127",
        ),
        ("exit 255", "image", "`sh` exited with code 255"),
        ("kill -9 $$", "orchestrator", "`sh` was killed by signal 9"),
    ];
    for (script, whose, message) in table {
        let failure = failure(shell(folder.path(), script)).await;
        assert_eq!(fault(&failure), whose, "{script}");
        assert_eq!(failure.message(), message, "{script}");
    }
}

#[tokio::test]
async fn a_command_that_cannot_be_started_is_at_fault_itself() {
    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("plain.txt");
    std::fs::write(&plain, "no program").unwrap();
    let missing = folder.path().join("missing");
    let mut elsewhere = shell(&missing, "true");
    elsewhere.working_directory = Some(missing);
    let table = [
        (
            Settings::of_command(vec!["surely-no-program".into()]),
            "check `command`",
        ),
        (
            Settings::of_command(vec![plain.display().to_string()]),
            "cannot be started",
        ),
        (
            Settings::of_command(vec![folder.path().display().to_string()]),
            "cannot be started",
        ),
        (elsewhere, "`working_directory`"),
    ];
    for (settings, message) in table {
        let failure = failure(settings).await;
        assert_eq!(fault(&failure), "workload", "{failure}");
        assert!(failure.message().contains(message), "{failure}");
    }
}

#[tokio::test]
async fn the_last_lines_of_a_command_are_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let both = "echo on standard output; echo first >&2; echo last >&2; exit 1";
    let reason = failure(shell(folder.path(), both)).await;
    assert_eq!(reason.message(), "`sh` exited with code 1: first | last");

    let only_output = "echo on standard output; exit 1";
    let reason = failure(shell(folder.path(), only_output)).await;
    assert_eq!(
        reason.message(),
        "`sh` exited with code 1: on standard output"
    );
}

#[tokio::test]
async fn a_flood_of_output_neither_blocks_the_command_nor_fills_the_message() {
    let folder = tempfile::tempdir().unwrap();
    let flood = "i=0; while [ $i -lt 20000 ]; do \
        echo line $i of a flood that nobody reads; echo and $i once more >&2; i=$((i+1)); done; exit 1";
    let reason = failure(shell(folder.path(), flood)).await;
    assert!(
        reason
            .message()
            .ends_with("and 19998 once more | and 19999 once more"),
        "{reason}"
    );
    assert!(
        reason.message().len() < 1500,
        "{} bytes",
        reason.message().len()
    );
}

#[tokio::test]
async fn what_was_left_in_the_background_delays_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let leaves = "sleep 20 & echo started >&2; exit 1";
    let within = std::time::Duration::from_secs(15);
    let reason = tokio::time::timeout(within, failure(shell(folder.path(), leaves))).await;
    assert_eq!(
        reason.unwrap().message(),
        "`sh` exited with code 1: started"
    );
}
