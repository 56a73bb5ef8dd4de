//! How a command is stopped, with all that it started.
//!
//! The scripts hold a named pipe open for writing. Its reader sees the end of file when the last of them is gone, so that
//! no test polls for a process or waits for luck. A script that traps a signal loops over short sleeps: shells act on a
//! signal between two commands, and may miss one that comes just before they block.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use registrywatcher::deployment::Failure;
use registrywatcher::ports::{Apply, Deployer, Progress, Rollout};
use registrywatcher_conformance::deployer::{follow_to_end, roll_out};
use registrywatcher_conformance::samples;
use registrywatcher_deployer_exec::Settings;

use crate::{apply, deployer, shell};

/// Longer than anything here takes, shorter than the `sleep` of the scripts.
const SOON: Duration = Duration::from_secs(20);

fn named_pipe(folder: &Path) -> PathBuf {
    let path = folder.join("alive");
    assert!(
        Command::new("mkfifo")
            .arg(&path)
            .status()
            .is_ok_and(|status| status.success())
    );
    path
}

/// Waits until somebody holds the pipe open.
async fn opened(path: PathBuf) -> File {
    let open = tokio::task::spawn_blocking(move || File::open(path));
    tokio::time::timeout(SOON, open)
        .await
        .expect("somebody opens it")
        .expect("no panic")
        .expect("it opens")
}

/// Waits until nobody holds the pipe open any more, and gives what was written to it.
async fn closed(mut pipe: File) -> String {
    let read = tokio::task::spawn_blocking(move || {
        let mut text = String::new();
        pipe.read_to_string(&mut text).map(|_| text)
    });
    tokio::time::timeout(SOON, read)
        .await
        .expect("all are gone")
        .expect("no panic")
        .expect("it reads")
}

fn short(folder: &Path, script: &str) -> Settings {
    let (timeout, grace) = (Duration::from_secs(3), Duration::from_millis(500));
    Settings {
        timeout,
        grace,
        ..shell(folder, script)
    }
}

async fn accept(deployer: &impl Deployer, apply: Apply) -> Rollout {
    let handle = deployer
        .apply(&apply)
        .await
        .expect("a command is always accepted")
        .handle;
    Rollout { apply, handle }
}

#[tokio::test]
async fn a_timeout_kills_what_the_command_started_even_if_it_will_not_listen() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = named_pipe(folder.path());
    let script = "exec 3>alive; (trap '' TERM; exec sleep 60) & echo waiting >&2; wait";
    let deployer = deployer(short(folder.path(), script));
    let rollout = accept(&deployer, apply(2)).await;
    let pipe = opened(pipe).await;

    let message = "`sh` was stopped after 3s: waiting".to_owned();
    let reason = Failure::Orchestrator { message };
    let expected = Progress::Failed {
        reason,
        restored: false,
    };
    assert_eq!(follow_to_end(&deployer, &rollout).await, expected);
    closed(pipe).await;
}

#[tokio::test]
async fn a_command_that_is_told_to_stop_may_clean_up() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = named_pipe(folder.path());
    let script =
        "trap 'echo cleaned up >&3; exit 0' TERM; exec 3>alive; while :; do sleep 0.1; done";
    let grace = Duration::from_mins(1);
    let deployer = deployer(Settings {
        grace,
        ..short(folder.path(), script)
    });
    let rollout = accept(&deployer, apply(2)).await;
    let pipe = opened(pipe).await;

    let progress = follow_to_end(&deployer, &rollout).await;
    assert!(matches!(
        progress,
        Progress::Failed {
            reason: Failure::Orchestrator { .. },
            ..
        }
    ));
    assert_eq!(closed(pipe).await, "cleaned up\n");
}

#[tokio::test]
async fn a_dropped_deployer_kills_its_commands() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = named_pipe(folder.path());
    let deployer = deployer(shell(folder.path(), "exec 3>alive; sleep 60 & wait"));
    accept(&deployer, apply(2)).await;
    let pipe = opened(pipe).await;
    drop(deployer);
    closed(pipe).await;
}

#[tokio::test]
async fn a_command_that_is_let_go_of_is_killed_with_what_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = named_pipe(folder.path());
    let deployer = deployer(shell(folder.path(), "exec 3>alive; sleep 60 & wait"));
    let rollout = accept(&deployer, apply(2)).await;
    let pipe = opened(pipe).await;
    deployer.let_go(rollout.apply.id).await;
    closed(pipe).await;
}

#[tokio::test]
async fn a_newer_deployment_stops_the_older_one_of_the_same_address_first() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = named_pipe(folder.path());
    let script = "if [ $RW_FORCED = true ]; then cat log; echo second >> log; exit 0; fi; \
        trap 'echo first >> log; exit 0' TERM; exec 3>alive; while :; do sleep 0.1; done";
    let deployer = deployer(shell(folder.path(), script));
    let older = accept(&deployer, apply(2)).await;
    let pipe = opened(pipe).await;

    let newer = Apply {
        forced: true,
        ..apply(3)
    };
    assert_eq!(roll_out(&deployer, newer).await, Progress::Succeeded);
    closed(pipe).await;
    assert_eq!(follow_to_end(&deployer, &older).await, Progress::Superseded);
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    assert_eq!(log, "first\nsecond\n", "one after the other");
}

#[tokio::test]
async fn commands_of_different_addresses_run_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = named_pipe(folder.path());
    let script = "[ $RW_WORKLOAD_NAME = api ] && exit 0; exec 3>alive; sleep 60 & wait";
    let deployer = deployer(shell(folder.path(), script)).with_follow_wait(Duration::ZERO);
    let web = accept(&deployer, apply(2)).await;
    let pipe = opened(pipe).await;

    let api = Apply {
        workload: samples::workload("hooks", &[("name", "api")]),
        ..apply(3)
    };
    let deployer = deployer.with_follow_wait(SOON);
    assert_eq!(roll_out(&deployer, api).await, Progress::Succeeded);
    let deployer = deployer.with_follow_wait(Duration::ZERO);
    assert!(matches!(
        deployer.follow(&web).await,
        Ok(Progress::Rolling { .. })
    ));
    drop(deployer);
    closed(pipe).await;
}
