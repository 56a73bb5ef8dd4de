use std::sync::Arc;
use std::time::Duration;

use registrywatcher::deployment::DeploymentId;
use registrywatcher::event::{Event, EventKind, Subject};
use registrywatcher_conformance::samples;
use registrywatcher_memory::MemoryClock;
use registrywatcher_notifier_http::{
    CloudEventsNotifier, CloudEventsSettings, DeliveryLimits, DiscordNotifier, DiscordSettings,
    MattermostNotifier, MattermostSettings, SlackNotifier, SlackSettings, TeamsNotifier,
    TeamsSettings,
};
use uuid::Uuid;

/// What messages are signed with, until it is replaced, and then.
pub(crate) const OLD_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
pub(crate) const NEW_SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// Limits that do not make a test wait for long.
pub(crate) fn limits() -> DeliveryLimits {
    DeliveryLimits {
        timeout: Duration::from_secs(2),
        pause: Duration::from_millis(1),
        ..DeliveryLimits::default()
    }
}

pub(crate) fn slack(url: &str) -> SlackNotifier {
    install_crypto();
    let settings = SlackSettings {
        webhook_url: url.into(),
    };
    SlackNotifier::new(settings).unwrap().with_limits(limits())
}

pub(crate) fn teams(url: &str) -> TeamsNotifier {
    install_crypto();
    let settings = TeamsSettings {
        webhook_url: url.into(),
    };
    TeamsNotifier::new(settings).unwrap().with_limits(limits())
}

pub(crate) fn discord(url: &str) -> DiscordNotifier {
    install_crypto();
    let settings = DiscordSettings {
        webhook_url: url.into(),
    };
    DiscordNotifier::new(settings)
        .unwrap()
        .with_limits(limits())
}

pub(crate) fn mattermost(url: &str) -> MattermostNotifier {
    install_crypto();
    let settings = MattermostSettings {
        webhook_url: url.into(),
        channel: None,
    };
    MattermostNotifier::new(settings)
        .unwrap()
        .with_limits(limits())
}

pub(crate) fn cloudevents_settings(url: &str) -> CloudEventsSettings {
    CloudEventsSettings {
        url: url.into(),
        secrets: vec![NEW_SECRET.into(), OLD_SECRET.into()],
        instance: "production".to_owned(),
    }
}

pub(crate) fn cloudevents(url: &str, clock: &MemoryClock) -> CloudEventsNotifier {
    install_crypto();
    CloudEventsNotifier::new(&cloudevents_settings(url), Arc::new(clock.clone()))
        .unwrap()
        .with_limits(limits())
}

/// Installs the provider that a client wants; whichever test is first does it for all.
pub(crate) fn install_crypto() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// An event that every sink tells.
pub(crate) fn event() -> Event {
    let subject = Subject {
        deployment: DeploymentId(Uuid::from_u128(7)),
        workload: samples::workload("production", &[("job", "web")]),
        repository: "ghcr.io/acme/web".parse().unwrap(),
        tag: samples::tag("v1.4.0"),
        digest: samples::digest(0xab),
        previous_tag: None,
        attempt: 1,
    };
    Event {
        id: 1,
        at: samples::at(0),
        watch: Some("web".parse().unwrap()),
        kind: EventKind::DeploymentSucceeded { subject },
    }
}
