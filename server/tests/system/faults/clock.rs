use std::path::{Path, PathBuf};

use registrywatcher_conformance::backends::skip;
use registrywatcher_simulator::ALWAYS;

use super::{heals, holds};
use crate::databases::{Database, on_both_databases};
use crate::site::Site;
use crate::wait::eventually;

on_both_databases!(a_clock_that_is_set_back_an_hour_and_forward_again);

/// libfaketime, by which the clock of a process follows a file; `None` where it is not installed.
fn library() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").ok()?.flatten();
    let libraries = folders.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"));
    libraries.into_iter().find(|library| library.is_file())
}

/// Lets the clock of the service differ by `offset`, such as `-1h`, from now on.
fn set_clock(file: &Path, offset: &str) {
    let new = file.with_extension("new");
    std::fs::write(&new, format!("{offset}\n")).unwrap();
    std::fs::rename(new, file).unwrap();
}

async fn a_clock_that_is_set_back_an_hour_and_forward_again(database: Database) {
    let Some(library) = library() else {
        return skip("faketime is not installed");
    };
    let mut site = Site::open(database).await;
    let clock = site.program.folder().join("clock");
    set_clock(&clock, "+0");
    for (variable, value) in [
        ("LD_PRELOAD", library.to_str().unwrap()),
        ("FAKETIME_TIMESTAMP_FILE", clock.to_str().unwrap()),
        ("FAKETIME_NO_CACHE", "1"),
        // Nobody sets this one.
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ] {
        site.program.set(variable, value);
    }
    let service = site.program.serve().await;
    let digest = site.publish("v1.1.0");
    heals(&site, &service, "v1.1.0", &digest, 1).await;

    let before = service.listed_at("web").await;
    set_clock(&clock, "-1h");
    eventually("the service polls at an earlier hour", async || {
        // RFC 3339 in UTC sorts as text.
        let at = service.listed_at("web").await;
        (at.as_str() < before.as_str()).then_some(())
    })
    .await;
    let digest = site.publish("v1.2.0");
    heals(&site, &service, "v1.2.0", &digest, 2).await;

    site.registry.fault(|faults| faults.failing = ALWAYS);
    holds(&service, "registry_unknown").await;
    site.registry.recover();
    let digest = site.publish("v1.3.0");
    heals(&site, &service, "v1.3.0", &digest, 3).await;

    // A process that starts at the earlier hour finds what was done at a later one.
    service.kill().await;
    let service = site.program.serve().await;
    let digest = site.publish("v1.4.0");
    heals(&site, &service, "v1.4.0", &digest, 4).await;

    set_clock(&clock, "+0");
    let digest = site.publish("v1.5.0");
    heals(&site, &service, "v1.5.0", &digest, 5).await;
}
