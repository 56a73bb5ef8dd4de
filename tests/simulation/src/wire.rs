//! What stands between one life of a replica and the town: latency, outages, hanging, and the moment of its death.

mod deployer;
mod registry;
mod sink;
mod store;

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use registrywatcher::app::{Ports, Sink};
use registrywatcher::event::{Route, Severity};
use registrywatcher::ports::Notifier;
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::clock::MachineClock;
use crate::setting::{AUDIT, DEPLOYER, PAGED, PAGER, parsed};
use crate::town::Town;

/// How a life ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Everything it does is dropped where it is.
    Crash,
    /// It is asked to stop.
    Stop,
}

/// One life of a replica, from its start to its end, as the outside sees it. Clones are the same wire.
#[derive(Clone)]
pub(crate) struct Wire {
    pub(crate) town: Town,
    pub(crate) clock: MachineClock,
    /// Which life of all replicas this is.
    pub(crate) life: usize,
    state: Arc<State>,
}

struct State {
    end: Mutex<Option<End>>,
    has_ended: Notify,
    hangs: AtomicBool,
    goes_on: Notify,
    /// How many more calls are begun or answered before it crashes; 0 is for ever.
    calls_left: AtomicU32,
    store_is_away: AtomicBool,
    store_failures: AtomicU32,
    lost_answers: AtomicU32,
}

impl Wire {
    pub(crate) fn new(town: &Town, clock: &MachineClock, life: usize) -> Self {
        Self {
            town: town.clone(),
            clock: clock.clone(),
            life,
            state: Arc::new(State {
                end: Mutex::default(),
                has_ended: Notify::new(),
                hangs: AtomicBool::new(false),
                goes_on: Notify::new(),
                calls_left: AtomicU32::new(0),
                store_is_away: AtomicBool::new(false),
                store_failures: AtomicU32::new(0),
                lost_answers: AtomicU32::new(0),
            }),
        }
    }

    /// The ports of the town, over this wire.
    pub(crate) fn ports(&self) -> Ports {
        let sink = |name: &'static str, kinds: &[&str]| {
            let notifier: Arc<dyn Notifier> = Arc::new(sink::WiredSink::new(self.clone(), name));
            let route = Route {
                watches: Vec::new(),
                kinds: kinds.iter().map(|&kind| kind.to_owned()).collect(),
                severity: Severity::Info,
                repeats: true,
            };
            (name.to_owned(), Sink { notifier, route })
        };
        let deployer = Arc::new(deployer::WiredDeployer::new(self.clone()));
        Ports {
            registry: Arc::new(registry::WiredRegistry::new(self.clone())),
            store: Arc::new(store::WiredStore::new(self.clone())),
            deployers: BTreeMap::from([(parsed(DEPLOYER), deployer as _)]),
            sinks: BTreeMap::from([sink(AUDIT, &[]), sink(PAGER, &PAGED)]),
            clock: Arc::new(self.clock.clone()),
            ids: Arc::new(self.town.ids.clone()),
        }
    }

    fn end_state(&self) -> MutexGuard<'_, Option<End>> {
        self.state
            .end
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn end(&self, end: End) {
        self.end_state().get_or_insert(end);
        self.state.has_ended.notify_waiters();
    }

    /// Whatever is still under way on this wire, an operator's command for example, ends here.
    pub(crate) fn kill(&self) {
        *self.end_state() = Some(End::Crash);
        self.state.has_ended.notify_waiters();
    }

    pub(crate) async fn ended(&self) -> End {
        loop {
            let notified = self.state.has_ended.notified();
            let end = *self.end_state();
            if let Some(end) = end {
                return end;
            }
            notified.await;
        }
    }

    fn has_crashed(&self) -> bool {
        *self.end_state() == Some(End::Crash)
    }

    pub(crate) fn hang(&self, hangs: bool) {
        self.state.hangs.store(hangs, Ordering::Relaxed);
        if !hangs {
            self.state.goes_on.notify_waiters();
        }
    }

    /// Crashes at the beginning or the answer of the `calls`th call from now.
    pub(crate) fn crash_after(&self, calls: u32) {
        self.state.calls_left.store(calls, Ordering::Relaxed);
    }

    pub(crate) fn lose_store(&self, is_away: bool) {
        self.state.store_is_away.store(is_away, Ordering::Relaxed);
    }

    pub(crate) fn fail_store(&self, calls: u32) {
        self.state.store_failures.store(calls, Ordering::Relaxed);
    }

    /// Loses the answers of the next `commits` commits.
    pub(crate) fn lose_answers(&self, commits: u32) {
        self.state.lost_answers.store(commits, Ordering::Relaxed);
    }

    /// Nothing goes wrong on this wire any more.
    pub(crate) fn repair(&self) {
        self.crash_after(0);
        self.hang(false);
        self.lose_store(false);
        self.fail_store(0);
        self.lose_answers(0);
    }

    /// Passes a call or its answer on, as late as chance has it; never, once the replica has crashed.
    pub(crate) async fn pass(&self, longest: Duration) {
        self.count_down();
        if self.has_crashed() {
            pending::<()>().await;
        }
        while self.state.hangs.load(Ordering::Relaxed) {
            self.state.goes_on.notified().await;
            // What ran out meanwhile is noticed first, as by a process that looks at its timers when it wakes.
            sleep(Duration::from_millis(2)).await;
        }
        let chance = &self.town.chance;
        if chance.one_in(6) {
            let most = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX);
            sleep(chance.millis(1, most.max(1))).await;
        }
        if self.has_crashed() {
            pending::<()>().await;
        }
    }

    fn count_down(&self) {
        let calls = &self.state.calls_left;
        match calls.load(Ordering::Relaxed) {
            0 => {}
            1 => {
                calls.store(0, Ordering::Relaxed);
                let life = self.life;
                self.town
                    .trace
                    .note(|| format!("life {life} crashes in the middle of a call"));
                self.end(End::Crash);
            }
            left => calls.store(left - 1, Ordering::Relaxed),
        }
    }

    /// Whether this call of the store is to fail.
    fn store_fails(&self) -> bool {
        self.state.store_is_away.load(Ordering::Relaxed) || take_one(&self.state.store_failures)
    }

    fn loses_answer(&self) -> bool {
        take_one(&self.state.lost_answers)
    }
}

fn take_one(left: &AtomicU32) -> bool {
    let now = left.load(Ordering::Relaxed);
    left.store(now.saturating_sub(1), Ordering::Relaxed);
    now > 0
}
