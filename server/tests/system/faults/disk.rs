use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command as StdCommand, Stdio};
use std::time::Duration;

use registrywatcher_conformance::backends::skip;
use tokio::process::Command;

use super::{heals, holds, misses};
use crate::child::RunningChild;
use crate::databases::Database;
use crate::service::Service;
use crate::site::Site;
use crate::wait::eventually;

/// Mounts a small disk over the folder `$1`, which only this process sees, and becomes the service `$2`.
const SCRIPT: &str = r#"
set -eu
mount -t tmpfs -o size=2m registrywatcher-test "$1"
exec "$2" serve
"#;

/// A service whose SQLite database is on a disk of its own, of two megabytes.
struct OnSmallDisk {
    site: Site,
    service: Service,
    /// The folder of the database as the service sees it.
    disk: PathBuf,
}

impl OnSmallDisk {
    /// `None` where nothing may be mounted, which is then printed.
    async fn start() -> Option<Self> {
        let Some(unshare) = unshare() else {
            skip("`unshare --mount` is not allowed here, or not installed");
            return None;
        };
        let site = Site::open(Database::sqlite()).await;
        let (home, folder) = (site.program.folder(), site.database.folder());
        let mut command = Command::new("unshare");
        command
            .args(unshare)
            .args(["sh", "-c", SCRIPT, "sh"])
            .args([folder, Path::new(env!("CARGO_BIN_EXE_registrywatcher"))])
            .current_dir(home)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", home);
        let service = Service::of(RunningChild::start(command)).await;
        let inside = folder.strip_prefix("/").unwrap();
        let root = format!("/proc/{}/root", service.process_id());
        Some(Self {
            service,
            disk: Path::new(&root).join(inside),
            site,
        })
    }

    fn filler(&self) -> PathBuf {
        self.disk.join("filler")
    }

    fn fill(&self) {
        let mut filler = File::create(self.filler()).unwrap();
        let block = [0; 4096];
        let full = loop {
            if let Err(error) = filler.write_all(&block) {
                break error;
            }
        };
        assert_eq!(full.kind(), ErrorKind::StorageFull);
    }

    fn free(&self) {
        std::fs::remove_file(self.filler()).unwrap();
    }
}

/// What lets `unshare` mount: as root, or else as the root of a namespace of our own.
fn unshare() -> Option<&'static [&'static str]> {
    let ways: [&[&str]; 2] = [&["--mount"], &["--mount", "--map-root-user"]];
    ways.into_iter().find(|way| {
        let tried = StdCommand::new("unshare")
            .args(*way)
            .args(["mount", "-t", "tmpfs", "registrywatcher-test", "/mnt"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        tried.is_ok_and(|status| status.success())
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_before_a_release_is_stored() {
    let Some(house) = OnSmallDisk::start().await else {
        return;
    };
    let (site, service) = (&house.site, &house.service);
    service.decides("web", "up_to_date").await;

    house.fill();
    let digest = site.publish("v1.1.0");
    let watch = holds(service, "store_unavailable").await;
    let decision = &watch["workloads"][0]["decision"];
    assert!(
        decision["message"].as_str().unwrap().contains("full"),
        "{decision}"
    );
    misses(service, "store").await;
    assert_eq!(site.nomad.registrations(), 0, "first it is stored");

    house.free();
    heals(site, service, "v1.1.0", &digest, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_in_the_middle_of_a_rollout() {
    let Some(house) = OnSmallDisk::start().await else {
        return;
    };
    let (site, service) = (&house.site, &house.service);
    let health_delay = Duration::from_secs(2);
    site.nomad
        .configure(|settings| settings.health_delay = health_delay);
    service.decides("web", "up_to_date").await;
    let digest = site.publish("v1.1.0");
    eventually("the release is registered", async || {
        (site.nomad.registrations() == 1).then_some(())
    })
    .await;

    house.fill();
    misses(service, "store").await;
    site.runs(&digest).await;

    house.free();
    heals(site, service, "v1.1.0", &digest, 1).await;
    assert_eq!(service.count_events("web", "deployment_succeeded").await, 1);
}
