//! The Deployer port's contract over files, and what the program makes of it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use registrywatcher::image::ImageReference;
use registrywatcher::ports::Deployer;
use registrywatcher::watch::Workload;
use registrywatcher_conformance::deployer::{DeployerHarness, Moment};
use registrywatcher_conformance::{deployer_suite, samples};
use registrywatcher_with_files::{FileDeployer, Settings};
use tempfile::TempDir;
use tokio::task::JoinHandle;

/// A folder, and who runs what its files say: `v2` becomes healthy, `v3` fails and `v4` takes for ever.
struct Harness {
    folder: TempDir,
    seen: Arc<Mutex<BTreeSet<String>>>,
    runner: JoinHandle<()>,
}

async fn harness() -> Harness {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("web.env"),
        "RW_IMAGE=ghcr.io/acme/web:v1\n",
    )
    .unwrap();
    std::fs::write(folder.path().join("idle.env"), "").unwrap();
    let seen = Arc::default();
    let runner = tokio::spawn(run(folder.path().to_owned(), Arc::clone(&seen)));
    Harness {
        folder,
        seen,
        runner,
    }
}

async fn run(folder: PathBuf, seen: Arc<Mutex<BTreeSet<String>>>) {
    loop {
        tokio::time::sleep(Duration::from_millis(5)).await;
        let text = std::fs::read_to_string(folder.join("web.env")).unwrap_or_default();
        let value = |name: &str| {
            let value = text.lines().find_map(|line| line.strip_prefix(name));
            value.map(str::to_owned)
        };
        let (Some(id), Some(tag)) = (value("RW_DEPLOYMENT_ID="), value("RW_TAG=")) else {
            continue;
        };
        if !seen.lock().unwrap().insert(id.clone()) {
            continue;
        }
        let result = match tag.as_str() {
            "v2" => format!("{id} ok\n"),
            "v3" => format!("{id} failed it does not answer\n"),
            _ => continue,
        };
        std::fs::write(folder.join("web.result"), result).unwrap();
    }
}

impl Drop for Harness {
    fn drop(&mut self) {
        self.runner.abort();
    }
}

#[async_trait]
impl DeployerHarness for Harness {
    fn open(&self) -> Arc<dyn Deployer> {
        let folder = self.folder.path().to_owned();
        let deployer = FileDeployer::new(Settings { folder }).unwrap();
        Arc::new(deployer.with_wait(Duration::from_millis(300)))
    }

    fn workload(&self) -> Workload {
        samples::workload("units", &[("name", "web")])
    }

    fn before(&self) -> ImageReference {
        "ghcr.io/acme/web:v1".parse().unwrap()
    }

    fn idle(&self) -> Option<Workload> {
        Some(samples::workload("units", &[("name", "idle")]))
    }

    fn unknown(&self) -> Option<Workload> {
        Some(samples::workload("units", &[("name", "unknown")]))
    }

    fn malformed(&self) -> Workload {
        samples::workload("units", &[("name", "../web")])
    }

    async fn replacements(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    async fn runs(&self) -> Option<ImageReference> {
        let text = std::fs::read_to_string(self.folder.path().join("web.env")).ok()?;
        let image = text.lines().find_map(|line| line.strip_prefix("RW_IMAGE="));
        image?.parse().ok()
    }

    /// Files have no versions that a write could be tied to.
    async fn deploy_outside(&self, when: Moment) -> bool {
        if when == Moment::BeforeNextWrite {
            return false;
        }
        let text = "RW_IMAGE=ghcr.io/acme/web:hotfix\n";
        std::fs::write(self.folder.path().join("web.env"), text).unwrap();
        true
    }

    async fn break_down(&self) -> bool {
        self.runner.abort();
        std::fs::remove_dir_all(self.folder.path()).unwrap();
        true
    }
}

deployer_suite!(harness);

/// What the program says to a configuration whose deployer is of `kind`.
fn check(folder: &Path, kind: &str) -> String {
    let config = folder.join("registrywatcher.toml");
    let text = format!(
        "[store]\nurl = \"sqlite://{0}/state.db\"\n[deployers.units]\nkind = \"{kind}\"\nfolder = \"images\"\n",
        folder.display()
    );
    std::fs::write(&config, text).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_registrywatcher-with-files"))
        .arg("check")
        .arg("--config")
        .arg(config)
        .env_clear()
        .output()
        .unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn the_program_knows_the_kind_beside_those_that_come_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let told = check(folder.path(), "unheard-of");
    assert!(
        told.contains("exec, file,") && told.contains("nomad"),
        "{told}"
    );
}

#[test]
fn the_program_builds_the_deployer_from_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let told = check(folder.path(), "file");
    assert!(
        told.contains("folder: `images` is no absolute path"),
        "{told}"
    );
}
