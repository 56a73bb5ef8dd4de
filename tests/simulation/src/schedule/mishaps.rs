use std::time::Duration;

use registrywatcher_memory::RegistryFault;

use super::Play;
use crate::setting::{AUDIT, PAGER, WATCHES};
use crate::wire::End;

impl Play {
    /// Something that happens past everybody: somebody else deploys, a clock is set, the orchestrator has a moment.
    pub(super) fn mishap(&mut self) {
        let chance = self.town.chance.clone();
        match chance.below(9) {
            8 => self.town.promote_outside(),
            0..4 => self.deploy_outside(),
            4 => {
                self.town
                    .trace
                    .note(|| "the orchestrator refuses once".to_owned());
                self.town.deployer.refuse_next("the job is stopped");
            }
            5 | 6 => {
                self.town
                    .trace
                    .note(|| "the orchestrator loses an answer".to_owned());
                self.town.deployer.lose_next_answer();
            }
            _ => self.step_a_clock(),
        }
    }

    fn deploy_outside(&self) {
        let chance = &self.town.chance;
        let watched = &WATCHES[chance.below(WATCHES.len())];
        let place = watched.places[chance.below(watched.places.len())];
        let tags = self.town.tags(watched.repository);
        if let Some(tag) = chance.pick(&tags) {
            self.town.deploy_outside(watched, place, tag);
        }
    }

    fn step_a_clock(&mut self) {
        let chance = &self.town.chance;
        let seconds = 1 + chance.below(if chance.one_in(3) { 3600 } else { 60 });
        let seconds = i64::try_from(seconds).unwrap_or(1);
        let by = if chance.one_in(2) { -seconds } else { seconds };
        self.astray += Duration::from_secs(by.unsigned_abs());
        self.town.trace.note(|| format!("a clock is set by {by} s"));
        self.any_replica().clock().step(by);
    }

    /// Something fails for a while.
    pub(super) fn fault(&mut self) {
        match self.town.chance.below(12) {
            0..5 => self.fail_registry(),
            5 | 6 => self.fail_orchestrator(),
            7..10 => self.fail_store(),
            _ => self.fail_sink(),
        }
    }

    fn fail_registry(&mut self) {
        let (town, chance) = (self.town.clone(), self.town.chance.clone());
        let fault = match chance.below(6) {
            0 | 1 => RegistryFault::Partial,
            2 => RegistryFault::RateLimited {
                retry_after: chance.seconds(1, 90),
            },
            3 => RegistryFault::Unauthorized,
            _ => RegistryFault::Unavailable,
        };
        match chance.below(4) {
            0 => {
                town.trace
                    .note(|| format!("the registry fails a few times: {fault:?}"));
                town.registry.fail_next(1 + chance.below(6), fault);
            }
            1 => {
                town.trace.note(|| "the registry is slow".to_owned());
                town.slow_registry(1 + u64::try_from(chance.below(30)).unwrap_or(1));
                self.later(120, move || town.slow_registry(0));
            }
            _ => {
                town.trace.note(|| format!("the registry fails: {fault:?}"));
                town.registry.set_fault(Some(fault));
                self.later(150, move || town.registry.set_fault(None));
            }
        }
    }

    fn fail_orchestrator(&mut self) {
        let town = self.town.clone();
        town.trace.note(|| "the orchestrator is down".to_owned());
        town.deployer.break_down();
        self.later(180, move || town.deployer.recover());
    }

    /// The store fails for one replica; where it fails for all, so it does for one after the other.
    fn fail_store(&mut self) {
        let chance = self.town.chance.clone();
        let Some(wire) = self.any_replica().wire() else {
            return;
        };
        let life = wire.life;
        let trace = self.town.trace.clone();
        let note = |what: &str| trace.note(|| format!("the store {what} life {life}"));
        match chance.below(4) {
            0 => {
                note("fails a few calls of");
                wire.fail_store(1 + u32::try_from(chance.below(8)).unwrap_or(0));
            }
            1 => {
                note("loses answers to");
                wire.lose_answers(1 + u32::try_from(chance.below(3)).unwrap_or(0));
            }
            _ => {
                note("is out of reach of");
                wire.lose_store(true);
                self.later(60, move || wire.lose_store(false));
            }
        }
    }

    fn fail_sink(&mut self) {
        let town = self.town.clone();
        let name = if town.chance.one_in(2) { AUDIT } else { PAGER };
        let sink = town.sink(name).clone();
        let how = town.chance.below(4);
        town.trace
            .note(|| format!("sink {name} fails, in manner {how}"));
        match how {
            0 => sink.refuse(),
            1 => sink.hang(),
            2 => sink.break_down(Some(Duration::from_secs(20))),
            _ => sink.break_down(None),
        }
        self.later(300, move || sink.recover());
    }

    /// A replica crashes, now or in the middle of some call soon; or it stops, or hangs.
    pub(super) fn end_a_life(&mut self) {
        let chance = self.town.chance.clone();
        let Some(wire) = self.any_replica().wire() else {
            return;
        };
        let life = wire.life;
        match chance.below(10) {
            0..5 => wire.crash_after(1 + u32::try_from(chance.below(60)).unwrap_or(0)),
            5 => wire.end(End::Crash),
            6 => wire.end(End::Stop),
            _ => {
                self.town.trace.note(|| format!("life {life} hangs"));
                wire.hang(true);
                self.later(45, move || wire.hang(false));
            }
        }
    }
}
