//! `watch`: a command for each new release, and no configuration file.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use registrywatcher_conformance::backends::DockerRegistry;

use crate::child::Ended;
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
        registry.push("acme/web", "v1.0.0", "one");
        let program = Program::new("");
        let desk = Self { registry, program };
        let script = format!(
            "#!/bin/sh\necho \"$RW_TAG $RW_IMAGE $RW_PREVIOUS_TAG\" >>runs\nexit {exit_code}\n"
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

    async fn once(&self) -> Ended {
        let image = self.image();
        self.program
            .run(&[
                "watch", &image, "--semver", "^1", "--once", "--", "./deploy",
            ])
            .await
    }

    fn runs(&self) -> Vec<String> {
        let runs = std::fs::read_to_string(self.program.folder().join("runs"));
        runs.unwrap_or_default()
            .lines()
            .map(str::to_owned)
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_runs_once_for_each_release_and_the_state_is_remembered() {
    let Some(desk) = Desk::open(0) else { return };
    assert_eq!(desk.once().await.code, Some(0));
    assert_eq!(desk.once().await.code, Some(0));
    let runs = desk.runs();
    assert_eq!(runs.len(), 1, "{runs:?}");
    assert!(
        runs[0].starts_with(&format!("v1.0.0 {}@sha256:", desk.image())),
        "{runs:?}"
    );

    let image = desk.image();
    let arguments = [
        "watch",
        &image,
        "--semver",
        "^1",
        "--interval",
        "1s",
        "--",
        "./deploy",
    ];
    let watching = desk.program.start(&arguments);
    desk.registry.push("acme/web", "v1.1.0", "two");
    desk.registry.push("acme/web", "v2.0.0", "three");
    eventually("the release inside the range is deployed", async || {
        desk.runs()
            .iter()
            .any(|run| run.starts_with("v1.1.0 "))
            .then_some(())
    })
    .await;
    drop(watching);
    assert_eq!(desk.runs().len(), 2, "{:?}", desk.runs());
    assert!(desk.runs()[1].ends_with(" v1.0.0"), "{:?}", desk.runs());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_fails_is_not_tried_for_ever() {
    let Some(desk) = Desk::open(3) else { return };
    assert_eq!(desk.once().await.code, Some(1));
    assert_eq!(
        desk.once().await.code,
        Some(0),
        "it is quarantined, so there is nothing to do"
    );
    assert_eq!(desk.runs().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_that_does_not_exist_is_an_error() {
    let Some(desk) = Desk::open(0) else { return };
    let image = format!("{}/acme/other", desk.registry.host());
    let ended = desk
        .program
        .run(&["watch", &image, "--once", "--", "./deploy"])
        .await;
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stderr.contains("acme/other does not exist"),
        "{}",
        ended.stderr
    );
}
