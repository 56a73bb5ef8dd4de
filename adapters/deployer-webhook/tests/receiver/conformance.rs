//! The Deployer port's contract, with a receiver that tells what runs and with one that does not.

use std::sync::Arc;

use async_trait::async_trait;
use registrywatcher::image::ImageReference;
use registrywatcher::ports::Deployer;
use registrywatcher::watch::Workload;
use registrywatcher_conformance::deployer::DeployerHarness;
use registrywatcher_conformance::samples;
use registrywatcher_deployer_webhook::Settings;
use registrywatcher_memory::MemoryClock;

use crate::double::Receiver;
use crate::{open, settings};

struct Harness {
    receiver: Receiver,
    settings: Settings,
}

#[async_trait]
impl DeployerHarness for Harness {
    fn open(&self) -> Arc<dyn Deployer> {
        Arc::new(open(&self.settings, &MemoryClock::new()))
    }

    fn workload(&self) -> Workload {
        samples::workload("platform", &[("name", "web")])
    }

    fn before(&self) -> ImageReference {
        "ghcr.io/acme/web:v1".parse().expect("an image reference")
    }

    fn idle(&self) -> Option<Workload> {
        Some(samples::workload("platform", &[("name", "idle")]))
    }

    fn unknown(&self) -> Option<Workload> {
        Some(samples::workload("platform", &[("name", "unknown")]))
    }

    fn malformed(&self) -> Workload {
        samples::workload("platform", &[("not a name", "web")])
    }

    async fn replacements(&self) -> usize {
        self.receiver.replacements()
    }

    async fn break_down(&self) -> bool {
        self.receiver.break_down();
        true
    }
}

async fn telling_nothing() -> Harness {
    let receiver = Receiver::start().await;
    receiver.runs("name=web", Some("ghcr.io/acme/web:v1"));
    receiver.runs("name=idle", None);
    let settings = settings(&receiver);
    Harness { receiver, settings }
}

async fn telling_what_runs() -> Harness {
    let harness = telling_nothing().await;
    Harness {
        settings: Settings {
            running_url: Some("/running".into()),
            ..harness.settings
        },
        ..harness
    }
}

async fn restoring() -> Harness {
    let harness = telling_what_runs().await;
    harness.receiver.restores();
    harness
}

mod with_a_receiver_that_tells_what_runs {
    registrywatcher_conformance::deployer_suite!(super::telling_what_runs);
}

mod with_a_receiver_that_does_not {
    registrywatcher_conformance::deployer_suite!(super::telling_nothing);
}

mod with_a_receiver_that_restores {
    registrywatcher_conformance::deployer_suite!(super::restoring);
}
