//! Carries events to the sinks.

use std::sync::Arc;
use std::time::Duration;

use registrywatcher::app::{App, Delivered};
use tokio::sync::broadcast::{self, error::RecvError};

/// How long a sink that cannot take events is left alone the first time, and at the most.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// Delivers to one sink whenever `news` changes; a sink that is down delays nobody else.
pub(super) async fn deliver(app: Arc<App>, sink: String, mut news: broadcast::Receiver<()>) {
    let mut pause = FIRST_PAUSE;
    loop {
        match app.deliver(&sink).await {
            Delivered::Some => pause = FIRST_PAUSE,
            Delivered::All => {
                pause = FIRST_PAUSE;
                if news.recv().await == Err(RecvError::Closed) {
                    return;
                }
            }
            Delivered::Later { retry_after } => {
                tokio::time::sleep(retry_after.unwrap_or(pause).max(pause)).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}
