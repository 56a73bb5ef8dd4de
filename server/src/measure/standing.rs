use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use metrics::gauge;
use metrics_exporter_prometheus::PrometheusBuilder;
use registrywatcher::app::{App, WorkloadView};
use registrywatcher::decision::Decision;
use registrywatcher::ports::Resource;

use super::catalogue::{
    BUILD_INFO, DEGRADED_PARTS, HELD_WORKLOADS, LEASES_HELD, NOTIFICATION_LAG, UNWATCHED_WORKLOADS,
    UPTIME, WATCHES, WORKLOADS, describe,
};

type Counts = BTreeMap<&'static str, u32>;

/// What is so now, written by a recorder that knows of nothing before: a reason that holds nothing any more is gone.
pub(super) fn render(app: &App, uptime: Duration) -> String {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    metrics::with_local_recorder(&recorder, || {
        describe();
        gauge!(BUILD_INFO, "version" => env!("CARGO_PKG_VERSION")).set(1);
        gauge!(UPTIME).set(uptime);
        watches(app);
        for (sink, behind) in app.backlog() {
            let behind = u32::try_from(behind).unwrap_or(u32::MAX);
            gauge!(NOTIFICATION_LAG, "sink" => sink).set(behind);
        }
        leases(app);
        degraded(app);
        unwatched(app);
    });
    handle.render()
}

fn watches(app: &App) {
    let (mut attended, mut others) = (0_u32, 0_u32);
    let mut decisions = zeroes(["deploying", "held", "undecided", "up_to_date"]);
    let mut reasons = Counts::new();
    for view in app.watches() {
        if !view.attended {
            others += 1;
            continue;
        }
        attended += 1;
        for workload in &view.workloads {
            note(workload, &mut decisions, &mut reasons);
        }
    }
    gauge!(WATCHES, "attended" => "true").set(attended);
    gauge!(WATCHES, "attended" => "false").set(others);
    for (decision, count) in decisions {
        gauge!(WORKLOADS, "decision" => decision).set(count);
    }
    for (reason, count) in reasons {
        gauge!(HELD_WORKLOADS, "reason" => reason).set(count);
    }
}

fn note(workload: &WorkloadView, decisions: &mut Counts, reasons: &mut Counts) {
    let decided = workload.decided.as_ref().map(|decided| &decided.decision);
    let decision = match decided {
        _ if workload.in_flight.is_some() => "deploying",
        Some(Decision::Deploy(_)) => "deploying",
        Some(Decision::UpToDate { .. }) => "up_to_date",
        Some(Decision::Hold(hold)) => {
            for reason in &hold.reasons {
                *reasons.entry(reason.name()).or_default() += 1;
            }
            "held"
        }
        None => "undecided",
    };
    *decisions.entry(decision).or_default() += 1;
}

fn leases(app: &App) {
    let Some(held) = app.held_leases() else {
        return;
    };
    let mut kinds = zeroes(["sink", "watch"]);
    for resource in &held {
        *kinds.entry(kind_of(resource)).or_default() += 1;
    }
    for (kind, count) in kinds {
        gauge!(LEASES_HELD, "kind" => kind).set(count);
    }
}

pub(super) fn kind_of(resource: &Resource) -> &'static str {
    match resource {
        Resource::Watch(_) => "watch",
        Resource::Sink(_) => "sink",
    }
}

fn degraded(app: &App) {
    let mut kinds = zeroes(["deployer", "registry", "sink"]);
    for part in app.degraded() {
        // Its kind stands before its name.
        if let Some((_, count)) = kinds
            .iter_mut()
            .find(|(kind, _)| part.part.split(' ').next() == Some(**kind))
        {
            *count += 1;
        }
    }
    for (kind, count) in kinds {
        gauge!(DEGRADED_PARTS, "kind" => kind).set(count);
    }
}

fn unwatched(app: &App) {
    for health in app.discovery().into_iter().flatten() {
        let workloads: BTreeSet<_> = health.faults.iter().map(|fault| &fault.workload).collect();
        let count = u32::try_from(workloads.len()).unwrap_or(u32::MAX);
        gauge!(UNWATCHED_WORKLOADS, "deployer" => health.deployer.to_string()).set(count);
    }
}

fn zeroes<const N: usize>(names: [&'static str; N]) -> Counts {
    names.map(|name| (name, 0)).into()
}
