use std::time::Duration;

use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::Play;
use crate::invariants::{Invariant, unsettled};
use crate::model::Command;
use crate::setting::{WATCHES, Watched};

/// How long it may take until everything is as wanted, plus how far clocks went astray: what failed again and again is left
/// alone for so long.
const BOUND: Duration = Duration::from_hours(1);

impl Play {
    /// Ends every fault, lifts every freeze, and waits until what runs is what is wanted.
    pub(super) async fn heal(&mut self) {
        self.town.trace.note(|| "everything is repaired".to_owned());
        self.repairs.abort_all();
        self.town.calm_down();
        self.replicas
            .iter()
            .for_each(crate::replica::Replica::calm_down);
        // Whoever still waits for an answer gets one, or gives up.
        let answers = async { while self.operators.busy.join_next().await.is_some() {} };
        let _ = timeout(Duration::from_mins(2), answers).await;
        let began = Instant::now();
        let latest = began + BOUND + self.astray;
        let healed = match timeout_at(latest, self.lift_freezes()).await {
            Ok(()) => self.settle(latest).await,
            Err(_) => Err(self.who_waits()),
        };
        let mut ledger = self.town.ledger();
        ledger.tally.healed_in = began.elapsed();
        ledger.judge(Invariant::I7, healed);
        let untold = ledger.untold();
        ledger.judge(Invariant::I9, untold.map_or(Ok(()), Err));
    }

    async fn lift_freezes(&mut self) {
        while self.replicas.iter().any(|replica| replica.app().is_none()) {
            sleep(Duration::from_secs(1)).await;
        }
        self.give(0, &WATCHES[0], Command::Unfreeze { everywhere: true });
        for watched in WATCHES {
            self.give(0, &watched, Command::Unfreeze { everywhere: false });
            if self.town.chance.one_in(3) {
                self.give(1, &watched, Command::Reset);
            }
        }
        while self.operators.busy.join_next().await.is_some() {}
    }

    /// Waits until nothing is under way and everything is as wanted, as long as it may take; canaries are promoted.
    async fn settle(&mut self, latest: Instant) -> Result<(), String> {
        loop {
            sleep(Duration::from_secs(10)).await;
            if self.town.ledger().awaits_promotion() {
                self.give(0, &WATCHES[0], Command::Promote);
            }
            let Some(problem) = self.problem() else {
                return Ok(());
            };
            if Instant::now() > latest || self.is_broken() {
                return Err(problem);
            }
        }
    }

    fn who_waits(&self) -> String {
        let down = self.replicas.iter().filter(|one| one.app().is_none());
        format!(
            "{} replicas do not start, and {} operators wait for an answer",
            down.count(),
            self.operators.busy.len()
        )
    }

    fn problem(&self) -> Option<String> {
        let under_way = self.town.ledger().under_way();
        let of_watches = || WATCHES.iter().find_map(|watched| self.problem_of(watched));
        let untold = || self.town.ledger().untold();
        under_way.or_else(of_watches).or_else(untold)
    }

    fn problem_of(&self, watched: &Watched) -> Option<String> {
        let name = watched.watch_name();
        let apps = self
            .replicas
            .iter()
            .filter_map(crate::replica::Replica::app);
        let mut views = apps.filter_map(|(app, _)| app.watch(&name));
        let Some(view) = views.find(|view| view.attended) else {
            return Some(format!("nobody attends to {name}"));
        };
        let (wanted, running) = (self.town.wanted(watched), self.town.running(watched));
        let ledger = self.town.ledger();
        unsettled(&ledger.model, watched, wanted.as_ref(), &view, &running)
    }
}
