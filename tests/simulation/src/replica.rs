//! One replica: it lives, dies and is started again.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use registrywatcher::app::{App, Settings, Sharing, Wake, Waker};
use registrywatcher::freeze::Breaker;
use registrywatcher_server::runtime::{Announcements, Background, Pace, announcements};
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

use crate::clock::MachineClock;
use crate::sabotage::Sabotage;
use crate::setting::{AUDIT, LEASE, PAGER, WATCHES};
use crate::town::Town;
use crate::wire::{End, Wire};

/// A machine that keeps one replica running. Dropping it ends it.
pub(crate) struct Replica {
    machine: Arc<Machine>,
    living: AbortHandle,
}

struct Machine {
    town: Town,
    clock: MachineClock,
    has_breaker: bool,
    lives: Arc<AtomicUsize>,
    is_calm: AtomicBool,
    now: Mutex<Option<Life>>,
}

/// What is there of a replica at one moment.
#[derive(Clone)]
struct Life {
    wire: Wire,
    /// Once it has started.
    app: Option<Arc<App>>,
}

impl Replica {
    /// Starts a replica on a machine of its own. `lives` numbers the lives of all replicas.
    pub(crate) fn start(town: &Town, lives: &Arc<AtomicUsize>, has_breaker: bool) -> Self {
        let machine = Arc::new(Machine {
            town: town.clone(),
            clock: MachineClock::starting(tokio::time::Instant::now()),
            has_breaker,
            lives: Arc::clone(lives),
            is_calm: AtomicBool::new(false),
            now: Mutex::default(),
        });
        let living = tokio::spawn(live(Arc::clone(&machine))).abort_handle();
        Self { machine, living }
    }

    pub(crate) fn clock(&self) -> &MachineClock {
        &self.machine.clock
    }

    pub(crate) fn wire(&self) -> Option<Wire> {
        self.machine.now().as_ref().map(|life| life.wire.clone())
    }

    /// The application, while it runs, and what it is reached over.
    pub(crate) fn app(&self) -> Option<(Arc<App>, Wire)> {
        let now = self.machine.now().clone()?;
        Some((now.app?, now.wire))
    }

    /// Nothing happens to it any more.
    pub(crate) fn calm_down(&self) {
        self.machine.is_calm.store(true, Ordering::Relaxed);
        if let Some(wire) = self.wire() {
            wire.repair();
        }
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.living.abort();
    }
}

impl Machine {
    fn now(&self) -> MutexGuard<'_, Option<Life>> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn settings(&self) -> Settings {
        Settings {
            digest_every: 3,
            rollout_deadline: Duration::from_mins(10),
            request_ttl: Duration::from_mins(15),
            delivery_deadline: Duration::from_mins(3),
            breaker: self.has_breaker.then_some(Breaker {
                failures: 4,
                within: Duration::from_mins(10),
                freeze_for: Duration::from_mins(15),
            }),
            sharing: Some(Sharing {
                lease: LEASE,
                fingerprint: "the only configuration".to_owned(),
            }),
            ..Settings::default()
        }
    }

    fn waker(&self, inner: Waker) -> Waker {
        if !self.town.is_sabotaged(Sabotage::LosesWakes) {
            return inner;
        }
        Arc::new(move |wake| {
            if !matches!(wake, Wake::Deployment(_)) {
                inner(wake);
            }
        })
    }
}

async fn live(machine: Arc<Machine>) {
    loop {
        let life = machine.lives.fetch_add(1, Ordering::Relaxed);
        let wire = Wire::new(&machine.town, &machine.clock, life);
        let app = None;
        *machine.now() = Some(Life {
            wire: wire.clone(),
            app,
        });
        machine.town.trace.note(|| format!("life {life} begins"));
        let end = run(&machine, &wire).await;
        *machine.now() = None;
        machine.town.ledger().tally.ends += 1;
        machine
            .town
            .trace
            .note(|| format!("life {life} ends: {end:?}"));
        let is_calm = machine.is_calm.load(Ordering::Relaxed);
        sleep(machine.town.chance.seconds(1, if is_calm { 5 } else { 60 })).await;
    }
}

/// Runs until it crashes or is stopped.
async fn run(machine: &Machine, wire: &Wire) -> End {
    let started = tokio::select! {
        biased;
        end = wire.ended() => return end,
        started = start(machine, wire) => started,
    };
    let (app, announcements) = started;
    let sinks = [AUDIT, PAGER].map(str::to_owned);
    let pace = Pace {
        jitter: 0.1,
        concurrency: 4,
        timeout: Duration::from_secs(20),
    };
    let background = Background::start(Arc::clone(&app), sinks, announcements, pace);
    *machine.now() = Some(Life {
        wire: wire.clone(),
        app: Some(app),
    });
    let end = wire.ended().await;
    if end == End::Stop {
        // Whoever stops it does not wait for ever, and kills it then.
        let _ = timeout(Duration::from_secs(20), background.stop()).await;
        wire.kill();
    }
    end
}

/// Tries to start until it works, as a supervisor does.
async fn start(machine: &Machine, wire: &Wire) -> (Arc<App>, Announcements) {
    loop {
        let (waker, announcements) = announcements();
        let watches = WATCHES
            .iter()
            .map(crate::setting::Watched::configured)
            .collect();
        let waker = machine.waker(waker);
        match App::start(wire.ports(), machine.settings(), watches, waker).await {
            Ok(app) => return (Arc::new(app), announcements),
            Err(problem) => {
                let life = wire.life;
                let note = || format!("life {life} cannot start: {problem}");
                machine.town.trace.note(note);
                sleep(Duration::from_secs(2)).await;
            }
        }
    }
}
