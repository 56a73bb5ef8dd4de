use std::time::Duration;

use registrywatcher_simulator::{ALWAYS, NomadFaults};

use super::{heals, holds, is_degraded};
use crate::databases::Database;
use crate::service::Service;
use crate::site::Site;
use crate::wait::eventually;

/// A service that follows a rollout which takes two seconds, and the digest of that release.
async fn rolling() -> (Site, Service, String) {
    let site = Site::open(Database::sqlite()).await;
    let health_delay = Duration::from_secs(2);
    site.nomad
        .configure(|settings| settings.health_delay = health_delay);
    let service = site.program.serve().await;
    service.decides("web", "up_to_date").await;
    let digest = site.publish("v1.1.0");
    service.newest_deployment("web", "v1.1.0", "rolling").await;
    (site, service, digest)
}

/// Waits until the decision says that a rollout has not ended, and its progress contains `words`.
async fn tells_progress(service: &Service, words: &str) {
    service.decides("web", "in_flight").await;
    eventually(&format!("the progress tells {words}"), async || {
        let watch = service.watch("web").await;
        let progress = watch["workloads"][0]["progress"].as_str()?.to_owned();
        progress.contains(words).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nomad_that_loses_its_leader_during_a_rollout_is_followed_on_when_it_has_one() {
    let (site, service, digest) = rolling().await;
    site.nomad.fault(|faults| faults.no_leader = ALWAYS);
    tells_progress(&service, "leader").await;
    is_degraded(&service, "deployer nomad").await;
    // The rollout itself goes on without anybody looking.
    site.runs(&digest).await;
    let deployment = service.deployments("web").await.pop().unwrap();
    assert_eq!(deployment["state"], "rolling", "{deployment}");

    site.nomad.recover();
    heals(&site, &service, "v1.1.0", &digest, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nomad_that_answers_500_is_told_and_asked_again() {
    let site = Site::open(Database::sqlite()).await;
    let service = site.program.serve().await;
    service.decides("web", "up_to_date").await;

    site.nomad.fault(|faults| {
        *faults = NomadFaults {
            failing: ALWAYS,
            failing_text: "rpc error: broken pipe".to_owned(),
            ..NomadFaults::default()
        };
    });
    let digest = site.publish("v1.1.0");
    let watch = holds(&service, "running_unknown").await;
    let fault = watch["workloads"][0]["running"]["fault"].as_str();
    assert!(fault.unwrap().contains("broken pipe"), "{watch}");
    is_degraded(&service, "deployer nomad").await;
    assert_eq!(site.nomad.registrations(), 0);

    site.nomad.recover();
    heals(&site, &service, "v1.1.0", &digest, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nomad_that_fails_at_every_second_call_gets_each_release_once() {
    let site = Site::open(Database::sqlite()).await;
    let service = site.program.serve().await;
    service.decides("web", "up_to_date").await;
    for release in 1..=4 {
        let tag = format!("v1.{release}.0");
        // Reads fail, and writes are done but not confirmed, somewhere in the middle of it all.
        site.nomad.fault(|faults| {
            faults.lost_answers = 1;
            faults.failing = release;
            faults.failing_text = "rpc error: broken pipe".to_owned();
        });
        let digest = site.publish(&tag);
        heals(&site, &service, &tag, &digest, u64::from(release)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nomad_that_forgets_evaluations_and_deployments_is_judged_by_what_is_left() {
    let (site, service, digest) = rolling().await;
    site.nomad.fault(|faults| {
        faults.lost_evaluations = ALWAYS;
        faults.lost_deployments = ALWAYS;
    });
    // Followed anew, by somebody who has seen nothing of it.
    service.kill().await;
    let service = site.program.serve().await;
    heals(&site, &service, "v1.1.0", &digest, 1).await;

    let digest = site.publish("v1.2.0");
    site.runs(&digest).await;
    site.nomad.collect_garbage();
    heals(&site, &service, "v1.2.0", &digest, 2).await;
}
