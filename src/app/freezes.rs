use chrono::{DateTime, Utc};

use super::App;
use super::commands::CommandError;
use crate::event::EventKind;
use crate::freeze::{Freeze, Stops};
use crate::intent::Author;
use crate::ports::RestraintChange;
use crate::watch::WatchName;

/// What an operator wants frozen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFreeze {
    /// Which watch; all if none is named.
    pub watch: Option<WatchName>,
    /// Until when.
    pub until: DateTime<Utc>,
    /// Why.
    pub reason: String,
}

impl App {
    /// Stops deployments of one watch or of all until a time; a freeze that holds already is replaced.
    pub async fn freeze(&self, new: &NewFreeze, author: &Author) -> Result<Freeze, CommandError> {
        let now = self.ports.clock.now();
        if new.until <= now {
            return Err(CommandError::FreezeInThePast { until: new.until });
        }
        let freeze = Freeze {
            until: new.until,
            reason: new.reason.clone(),
            by: author.clone(),
            since: now,
            stops: Stops::Everything,
        };
        self.store_freeze(new.watch.as_ref(), Some(&freeze), author)
            .await?;
        Ok(freeze)
    }

    /// Lets deployments of one watch, or of all, go on before their freeze expires; nothing happens if there is none. One that
    /// has expired by the clock of this process is ended too: it may hold by that of another replica.
    pub async fn unfreeze(
        &self,
        watch: Option<&WatchName>,
        author: &Author,
    ) -> Result<(), CommandError> {
        self.store_freeze(watch, None, author).await
    }

    async fn store_freeze(
        &self,
        watch: Option<&WatchName>,
        freeze: Option<&Freeze>,
        author: &Author,
    ) -> Result<(), CommandError> {
        let kind = match freeze {
            Some(freeze) => frozen(freeze, watch.is_none()),
            None => EventKind::Unfrozen {
                by: author.clone(),
                everywhere: watch.is_none(),
            },
        };
        let Some(name) = watch else {
            self.transact_for_all(|world| {
                let ends_one = world.restraints.freeze.is_some();
                let change = RestraintChange::Freeze(freeze.cloned());
                (ends_one || freeze.is_some()).then(|| (change, kind.clone()))
            })
            .await?;
            for name in self.watched().names() {
                self.reconcile_or_log(name).await;
            }
            return Ok(());
        };
        self.configured_watch(name)?;
        self.transact_for_anyone(name, |_, draft| {
            if draft.watch().freeze.is_none() && freeze.is_none() {
                return Ok::<_, CommandError>(None);
            }
            draft.watch().freeze = freeze.cloned();
            draft.tell(kind.clone());
            Ok(Some(()))
        })
        .await?;
        self.reconcile_or_log(name).await;
        Ok(())
    }

    /// The freeze of all watches, if one holds.
    pub fn frozen(&self) -> Option<Freeze> {
        let now = self.ports.clock.now();
        let freeze = self.world().restraints.freeze.clone();
        freeze.filter(|freeze| freeze.is_active(now))
    }
}

pub(super) fn frozen(freeze: &Freeze, everywhere: bool) -> EventKind {
    EventKind::Frozen {
        by: freeze.by.clone(),
        until: freeze.until,
        reason: freeze.reason.clone(),
        stops: freeze.stops,
        everywhere,
    }
}
