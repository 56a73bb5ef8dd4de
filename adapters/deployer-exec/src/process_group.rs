use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tokio::process::Child;

/// A command and all that it started and did not detach: the process group that its first process leads.
///
/// Dropped before it was released, it kills them all: no command outlives the deployer that runs it.
#[derive(Debug)]
pub(crate) struct ProcessGroup {
    leader: Option<Pid>,
}

/// How often a group is looked at that outlives its leader.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

impl ProcessGroup {
    /// The group of `child`, which was started as the leader of one.
    pub(crate) fn of(child: &Child) -> Self {
        let leader = child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw);
        Self { leader }
    }

    /// Leaves alone what is still there.
    pub(crate) fn release(&mut self) {
        self.leader = None;
    }

    /// Asks all to end, and kills those that are still there after `grace`.
    ///
    /// A process that has ended but was not reaped by its parent still counts, so in a container whose first process
    /// reaps nothing this may take all of `grace`.
    pub(crate) async fn end(&mut self, child: &mut Child, grace: Duration) {
        self.signal(Signal::TERM);
        let ended = tokio::time::timeout(grace, async {
            let _ = child.wait().await;
            while self.exists() {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        });
        if ended.await.is_err() {
            self.signal(Signal::KILL);
            // What the kernel cannot kill now is reaped by the runtime later.
            let _ = tokio::time::timeout(LOOK_AGAIN * 50, child.wait()).await;
        }
        self.release();
    }

    fn signal(&self, signal: Signal) {
        if let Some(leader) = self.leader {
            // That nobody is left to be signalled is what was wanted.
            let _ = kill_process_group(leader, signal);
        }
    }

    fn exists(&self) -> bool {
        self.leader
            .is_some_and(|leader| test_kill_process_group(leader).is_ok())
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}
