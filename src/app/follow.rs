use std::collections::BTreeSet;

use super::{App, Wake};
use crate::event::Event;
use crate::ports::{EventQuery, EventRange, StoreError};
use crate::watch::WatchName;

/// How many events are read at a time.
const BATCH: u32 = 500;

impl App {
    /// Takes over what other replicas and commands changed, by the events that tell it; to be called about once a second.
    ///
    /// It costs one statement while nothing happened.
    pub async fn follow_changes(&self) -> Result<(), StoreError> {
        loop {
            let query = EventQuery {
                watch: None,
                range: EventRange::After(self.world().followed),
                limit: BATCH,
            };
            let events = self.ports.store.events(&query).await?;
            let Some(last) = events.last() else {
                return Ok(());
            };
            let (last, is_last_batch) = (last.id, events.len() < BATCH as usize);
            let changed = self.note_events(&events);
            for name in &changed {
                self.freshen(name).await?;
                self.reconcile_or_log(name).await;
            }
            self.freshen_for(None).await?;
            {
                let mut world = self.world();
                world.followed = world.followed.max(last);
                world.own_events = world.own_events.split_off(&(last + 1));
            }
            self.wake(Wake::Events);
            if is_last_batch {
                return Ok(());
            }
        }
    }

    /// Which watches others changed.
    fn note_events(&self, events: &[Event]) -> BTreeSet<WatchName> {
        let mut world = self.world();
        let mut changed = BTreeSet::new();
        for event in events {
            if world.own_events.contains(&event.id) {
                continue;
            }
            world.note_event(event);
            world.distrust(event.watch.as_ref());
            changed.extend(event.watch.clone());
        }
        changed
    }
}
