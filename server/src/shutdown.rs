//! Being asked to stop.

use tokio::signal::unix::{SignalKind, signal};

/// Returns at the first SIGTERM or SIGINT.
///
/// # Panics
///
/// If the process may not handle signals, which only a broken runtime causes.
pub(crate) async fn signalled() {
    #[expect(clippy::expect_used, reason = "only a broken runtime refuses")]
    let mut terminated = signal(SignalKind::terminate()).expect("SIGTERM can be handled");
    tokio::select! {
        _ = terminated.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    tracing::info!("stopping");
}
