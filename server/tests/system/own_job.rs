//! A service that deploys the job in which it runs itself.

use std::time::Duration;

use rustix::process::Signal;

use crate::databases::{Database, on_both_databases};
use crate::service::Service;
use crate::site::Site;
use crate::wait::eventually;

on_both_databases!(stopped_by_the_rollout_it_asked_for_its_successor_finishes_the_record);

async fn stopped_by_the_rollout_it_asked_for_its_successor_finishes_the_record(database: Database) {
    let site = Site::open(database).await;
    site.nomad.configure(|settings| {
        settings.health_delay = Duration::from_secs(2);
    });
    let mut service = site.program.serve().await;
    service.ready().await;
    // Nomad asks first, and kills what does not end in time; a machine that is lost does not ask.
    for (index, signal) in [Signal::KILL, Signal::TERM].into_iter().enumerate() {
        let tag = format!("v1.{}.0", index + 1);
        let rollouts = index as u64 + 1;
        // It is stopped before it even hears that its job was taken.
        site.nomad
            .fault(|faults| faults.delay = Some(Duration::from_millis(200)));
        let digest = site.publish(&tag);
        eventually("nomad takes the new version of the job", async || {
            (site.nomad.registrations() == rollouts).then_some(())
        })
        .await;
        end(service, signal).await;
        site.nomad.recover();

        service = site.program.serve().await;
        let deployment = service.newest_deployment("web", &tag, "succeeded").await;
        site.runs(&digest).await;
        service.next_poll("web").await;
        assert_eq!(site.nomad.registrations(), rollouts, "{deployment}");
        assert_eq!(site.marks().len() as u64, rollouts);
        let finished = service.count_events("web", "deployment_succeeded").await;
        assert_eq!(finished as u64, rollouts);
    }
}

async fn end(service: Service, signal: Signal) {
    if signal == Signal::KILL {
        return service.kill().await;
    }
    let ended = service.stop().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
}
