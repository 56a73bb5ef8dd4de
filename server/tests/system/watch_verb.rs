//! `watch`: a command for each new release, and no configuration file.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use registrywatcher::image::Digest;
use registrywatcher_conformance::backends::DockerRegistry;
use rustix::process::Signal;

use crate::child::{Ended, RunningChild};
use crate::program::Program;
use crate::wait::eventually;

/// Debian's registry, and a script that keeps a line for each time it runs.
struct Desk {
    registry: DockerRegistry,
    program: Program,
}

impl Desk {
    /// `None` where there is no registry, which is then printed.
    fn open(exit_code: i32) -> Option<Self> {
        let registry = DockerRegistry::start(None)?;
        let mut program = Program::new("");
        let state = program.folder().join("state").display().to_string();
        program.set("XDG_STATE_HOME", &state);
        let desk = Self { registry, program };
        let script = format!(
            "#!/bin/sh\necho \"$RW_TAG $RW_IMAGE $RW_DIGEST ${{RW_PREVIOUS_TAG:-none}} $1\" >>runs\necho \"deploying $RW_TAG\"\nexit {exit_code}\n"
        );
        std::fs::write(desk.script(), script).unwrap();
        std::fs::set_permissions(desk.script(), PermissionsExt::from_mode(0o755)).unwrap();
        Some(desk)
    }

    fn script(&self) -> PathBuf {
        self.program.folder().join("deploy")
    }

    fn image(&self) -> String {
        format!("{}/acme/web", self.registry.host())
    }

    fn push(&self, tag: &str) -> Digest {
        self.registry.push("acme/web", tag, tag)
    }

    async fn once(&self) -> Ended {
        let image = self.image();
        let arguments = ["watch", &image, "--semver", "^1", "--once"];
        self.program
            .run(&[&arguments[..], &["--", "./deploy", "loud"]].concat())
            .await
    }

    fn watch(&self) -> RunningChild {
        let image = self.image();
        let arguments = ["watch", &image, "--semver", "^1", "--interval", "300ms"];
        self.program
            .start(&[&arguments[..], &["--", "./deploy", "loud"]].concat())
    }

    /// The line of a run with `tag` after `previous`.
    fn run(&self, tag: &str, digest: &Digest, previous: &str) -> String {
        format!("{tag} {}@{digest} {digest} {previous} loud", self.image())
    }

    fn runs(&self) -> Vec<String> {
        let runs = std::fs::read_to_string(self.program.folder().join("runs"));
        runs.unwrap_or_default()
            .lines()
            .map(str::to_owned)
            .collect()
    }

    /// How many databases are in the user's state folder.
    fn databases(&self) -> usize {
        let folder = self.program.folder().join("state/registrywatcher");
        let files = std::fs::read_dir(folder).unwrap();
        let paths = files.map(|file| file.unwrap().path());
        paths
            .filter(|path| path.extension() == Some(OsStr::new("db")))
            .count()
    }

    async fn ran(&self, runs: &[String]) {
        eventually(
            &format!("the command ran {} times", runs.len()),
            async || (self.runs().len() >= runs.len()).then_some(()),
        )
        .await;
        assert_eq!(self.runs(), runs);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_runs_once_for_each_release_and_the_state_is_remembered() {
    let Some(desk) = Desk::open(0) else { return };
    let first = desk.push("v1.0.0");
    let mut runs = vec![desk.run("v1.0.0", &first, "none")];
    let ended = desk.once().await;
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(0), "deploying v1.0.0\n")
    );
    let ended = desk.once().await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""));
    desk.ran(&runs).await;
    assert_eq!(desk.databases(), 1);

    let watching = desk.watch();
    desk.push("v2.0.0");
    let second = desk.push("v1.1.0");
    runs.push(desk.run("v1.1.0", &second, "v1.0.0"));
    desk.ran(&runs).await;
    // The command ends before its outcome is stored; stopped in between, it would run again with the same id.
    eventually("the outcome of v1.1.0 is stored", async || {
        watching
            .stderr()
            .contains("up to date with v1.1.0")
            .then_some(())
    })
    .await;
    watching.signal(Signal::TERM);
    assert_eq!(watching.ended().await.code, Some(0));
    assert_eq!(desk.once().await.code, Some(0));
    assert_eq!(desk.runs(), runs);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_fails_is_run_again_only_for_another_release() {
    let Some(desk) = Desk::open(3) else { return };
    let first = desk.push("v1.0.0");
    let mut runs = vec![desk.run("v1.0.0", &first, "none")];
    assert_eq!(desk.once().await.code, Some(1));
    assert_eq!(desk.once().await.code, Some(0), "there is nothing to do");
    desk.ran(&runs).await;

    // Many polls go by before the next release may be deployed.
    let watching = desk.watch();
    let second = desk.push("v1.1.0");
    runs.push(desk.run("v1.1.0", &second, "none"));
    desk.ran(&runs).await;
    drop(watching);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_that_does_not_exist_is_an_error() {
    let Some(desk) = Desk::open(0) else { return };
    let ended = desk.once().await;
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stderr.contains("acme/web does not exist"),
        "{}",
        ended.stderr
    );
    assert_eq!(desk.runs(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_runs_nothing() {
    let Some(desk) = Desk::open(0) else { return };
    desk.push("v1.0.0");
    let image = desk.image();
    let arguments = ["watch", &image, "--once", "--dry-run", "--", "./deploy"];
    let ended = desk.program.run(&arguments).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(desk.runs(), Vec::<String>::new());
}
