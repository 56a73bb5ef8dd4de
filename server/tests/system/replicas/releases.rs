use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::fleet::Fleet;

/// The releases that are pushed, one at a time to each watch, so that each of them is to be deployed.
pub(super) struct Releases<'a> {
    fleet: &'a Fleet,
    /// The images that were pushed to each watch, oldest first.
    pushed: Vec<Vec<String>>,
    /// The watches whose last release does not run yet.
    waiting: Vec<usize>,
    next: usize,
}

/// What became of releases.
#[derive(Debug, Default)]
pub(super) struct Count {
    pub(super) pushed: usize,
    /// Registered at least once.
    pub(super) deployed: usize,
    /// Registrations beyond the first of each.
    pub(super) twice: usize,
    /// Never registered.
    pub(super) lost: usize,
}

impl<'a> Releases<'a> {
    pub(super) fn new(fleet: &'a Fleet) -> Self {
        Self {
            fleet,
            pushed: vec![Vec::new(); fleet.watches],
            waiting: Vec::new(),
            next: 0,
        }
    }

    /// Pushes a release now and then, as long as there are watches that run their last one.
    pub(super) async fn push_until(&mut self, end: Instant, every: Duration) {
        let mut at = Instant::now();
        while at < end {
            self.look();
            self.push();
            at += every;
            sleep_until(at).await;
        }
    }

    /// Notes which releases run by now.
    pub(super) fn look(&mut self) {
        let (fleet, pushed) = (self.fleet, &self.pushed);
        let runs = |watch: usize| fleet.running(watch).as_ref() == pushed[watch].last();
        self.waiting.retain(|watch| !runs(*watch));
    }

    pub(super) fn all_run(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Pushes to the next watch in turn, if it is not waiting.
    fn push(&mut self) {
        let watch = self.next;
        self.next = (watch + 1) % self.fleet.watches;
        if self.waiting.contains(&watch) {
            return;
        }
        let tag = format!("v1.{}.0", self.pushed[watch].len() + 1);
        self.pushed[watch].push(self.fleet.publish(watch, &tag));
        self.waiting.push(watch);
    }

    /// Counts what was registered at the orchestrator.
    pub(super) fn count(&self) -> Count {
        let mut count = Count::default();
        for (watch, pushed) in self.pushed.iter().enumerate() {
            let registered = self.fleet.registered(watch);
            for image in pushed {
                let times = registered.iter().filter(|known| *known == image).count();
                count.pushed += 1;
                count.deployed += times.min(1);
                count.lost += usize::from(times == 0);
            }
        }
        // Also those that changed nothing, which leave no version behind.
        let registrations = usize::try_from(self.fleet.nomad.registrations()).unwrap();
        count.twice = registrations - count.deployed;
        count
    }
}
