//! Sharing the work with other replicas.

use std::sync::Arc;
use std::time::Duration;

use registrywatcher::app::App;
use registrywatcher::ports::StoreError;
use tokio::sync::broadcast;
use tokio::time::{MissedTickBehavior, interval};

/// How often the changes of other replicas and of commands are taken over.
const FOLLOW_EVERY: Duration = Duration::from_secs(1);

/// Keeps the leases of this replica, and tells `renewed` whenever what it holds may have changed.
///
/// A store that fails is asked again and again; what is held runs out by itself meanwhile.
pub(super) async fn renew_leases(app: Arc<App>, renewed: broadcast::Sender<()>) {
    let Some(every) = app.lease_interval() else {
        return;
    };
    let mut outage = Outage::new("keep the leases");
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        outage.note(&app.renew_leases().await);
        // Nobody listens once everything stops.
        let _ = renewed.send(());
    }
}

/// Takes over what other replicas and commands changed, where there can be any.
pub(super) async fn follow_changes(app: Arc<App>) {
    if app.lease_interval().is_none() {
        return;
    }
    let mut outage = Outage::new("follow the changes of other replicas");
    let mut ticks = interval(FOLLOW_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        outage.note(&app.follow_changes().await);
    }
}

/// Tells when something begins to fail and when it works again, and not every time in between.
struct Outage {
    doing: &'static str,
    lasts: bool,
}

impl Outage {
    fn new(doing: &'static str) -> Self {
        Self {
            doing,
            lasts: false,
        }
    }

    fn note(&mut self, outcome: &Result<(), StoreError>) {
        let doing = self.doing;
        match outcome {
            Err(error) if self.lasts => tracing::debug!("still cannot {doing}: {error}"),
            Err(error) => tracing::warn!("cannot {doing}: {error}"),
            Ok(()) if self.lasts => tracing::info!("can {doing} again"),
            Ok(()) => {}
        }
        self.lasts = outcome.is_err();
    }
}
