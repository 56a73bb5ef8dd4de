//! The Deployer port's contract over real commands.

#![expect(
    clippy::expect_used,
    reason = "a test panics where its premise is broken"
)]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use registrywatcher::image::ImageReference;
use registrywatcher::ports::{Deployer, Environment};
use registrywatcher::watch::Workload;
use registrywatcher_conformance::deployer::DeployerHarness;
use registrywatcher_conformance::samples;
use registrywatcher_deployer_exec::{ExecDeployer, Settings};
use tempfile::TempDir;

/// Goes by the suite's tags: `v2` becomes healthy, `v3` fails and `v4` takes for ever.
const SCRIPT: &str = r#"
echo "$RW_DEPLOYMENT_ID" >> "$RUNS"
case "$RW_TAG" in
    v2) echo "$RW_IMAGE" > "$IMAGE"; exit 0 ;;
    v3) echo "$RW_IMAGE" > "$IMAGE"; echo "the new version does not answer" >&2; exit 1 ;;
    *) exec sleep 600 ;;
esac
"#;

struct Harness {
    folder: TempDir,
}

#[async_trait]
impl DeployerHarness for Harness {
    fn open(&self) -> Arc<dyn Deployer> {
        let script = self.folder.path().join("deploy.sh");
        let mut settings = Settings::of_command(vec!["sh".into(), script.display().to_string()]);
        for (name, file) in [("RUNS", "runs"), ("IMAGE", "image")] {
            let path = self.folder.path().join(file).display().to_string();
            settings.environment.insert(name.into(), path.into());
        }
        let ours: Environment =
            Arc::new(|name| (name == "PATH").then(|| "/usr/local/bin:/usr/bin:/bin".to_owned()));
        let deployer = ExecDeployer::new(settings, &ours).expect("the settings are complete");
        Arc::new(deployer.with_follow_wait(Duration::from_millis(300)))
    }

    fn workload(&self) -> Workload {
        samples::workload("hooks", &[("name", "web")])
    }

    fn before(&self) -> ImageReference {
        "ghcr.io/acme/web:v1".parse().expect("an image reference")
    }

    fn malformed(&self) -> Workload {
        samples::workload("hooks", &[("not a variable", "web")])
    }

    async fn replacements(&self) -> usize {
        std::fs::read_to_string(self.folder.path().join("runs"))
            .map_or(0, |runs| runs.lines().count())
    }

    async fn runs(&self) -> Option<ImageReference> {
        let image = std::fs::read_to_string(self.folder.path().join("image"));
        image.ok()?.trim().parse().ok()
    }

    async fn break_down(&self) -> bool {
        false
    }
}

async fn harness() -> Harness {
    let folder = tempfile::tempdir().expect("a folder for the script");
    std::fs::write(folder.path().join("deploy.sh"), SCRIPT).expect("the script can be written");
    Harness { folder }
}

registrywatcher_conformance::deployer_suite!(harness);
