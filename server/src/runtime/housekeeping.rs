//! What is done now and then.

use std::sync::Arc;
use std::time::Duration;

use registrywatcher::app::App;
use tokio::time::{MissedTickBehavior, interval};

const PRUNE_EVERY: Duration = Duration::from_hours(1);

/// Removes from the log of tags what is older than it is kept.
pub(super) async fn prune_tag_log(app: Arc<App>) {
    let mut ticks = interval(PRUNE_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match app.prune_tag_log().await {
            Ok(0) => {}
            Ok(rows) => tracing::info!("removed {rows} old entries from the log of tags"),
            Err(error) => tracing::warn!("cannot prune the log of tags: {error}"),
        }
    }
}
