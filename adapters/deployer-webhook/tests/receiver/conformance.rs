//! The Deployer port's contract, with a receiver that tells what runs and with one that does not.

use std::sync::Arc;

use async_trait::async_trait;
use registrywatcher::image::ImageReference;
use registrywatcher::intent::Candidate;
use registrywatcher::ports::{Apply, Deployer};
use registrywatcher::watch::Workload;
use registrywatcher_conformance::deployer::{DeployerHarness, Moment, apply};
use registrywatcher_conformance::samples;
use registrywatcher_deployer_webhook::Settings;
use registrywatcher_memory::MemoryClock;

use crate::double::Receiver;
use crate::{SECRET, open, settings};

/// What the receiver knows us by.
const KEY: &str = "a-key-of-the-test";

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

    async fn use_reverts(&self) -> bool {
        self.settings.reverts_itself
    }

    async fn runs(&self) -> Option<ImageReference> {
        let runs = self.receiver.what_runs("name=web");
        runs.as_str()?.parse().ok()
    }

    /// What others write between its reads and writes is between them and the receiver.
    async fn deploy_outside(&self, when: Moment) -> bool {
        if when == Moment::BeforeNextWrite {
            return false;
        }
        let hotfix = "ghcr.io/acme/web:hotfix";
        self.receiver.deploy_outside("name=web", hotfix);
        true
    }

    fn secrets(&self) -> Vec<String> {
        vec![SECRET.to_owned(), KEY.to_owned()]
    }

    async fn refuse_credentials(&self) -> bool {
        self.receiver.refuse_all();
        true
    }

    async fn locked(&self) -> Option<Apply> {
        let candidate = Candidate {
            tag: samples::tag("v5"),
            image: samples::image(5),
        };
        Some(apply(self, 1, candidate))
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
    let settings = Settings {
        secret_headers: [("x-key".to_owned(), KEY.into())].into(),
        ..settings(&receiver)
    };
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
    Harness {
        settings: Settings {
            reverts_itself: true,
            ..harness.settings
        },
        ..harness
    }
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
