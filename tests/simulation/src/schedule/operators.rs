use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use registrywatcher::app::{
    App, CommandError, DeployNow, HoldChange, IntentChange, NewFreeze, RollBack,
};
use registrywatcher::deployment::{Deployment, State};
use registrywatcher::intent::{Author, Once, Target};
use registrywatcher::ports::{Clock, DeadLetterQuery};
use registrywatcher::watch::WatchName;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::Play;
use crate::clock::MachineClock;
use crate::model::Command;
use crate::setting::{WATCHES, Watched, tag, workload};

/// The operators, and what they wait for.
#[derive(Debug, Default)]
pub(super) struct Operators {
    commands: u32,
    pub(super) busy: JoinSet<()>,
}

impl Play {
    /// Some operator asks some replica for something.
    pub(super) fn command(&mut self) {
        let watched = WATCHES[self.town.chance.below(WATCHES.len())];
        let command = self.some_command(&watched);
        let replica = self.town.chance.below(self.replicas.len());
        self.give(replica, &watched, command);
    }

    fn some_command(&self, watched: &Watched) -> Command {
        let chance = &self.town.chance;
        let tags = self.town.tags(watched.repository);
        let some_tag = chance.pick(&tags).cloned();
        let place = watched.places[chance.below(watched.places.len())];
        let only = chance.one_in(3).then(|| workload(place));
        let everywhere = chance.one_in(4);
        match chance.below(32) {
            0..4 => Command::Pin(some_tag.unwrap_or_else(|| tag("v9.9.9"))),
            4..7 => Command::Track,
            7..10 => Command::AutoDeploy(false),
            10..12 => Command::AutoDeploy(true),
            12..15 => Command::DeployNow {
                tag: some_tag.filter(|_| !chance.one_in(3)),
                only,
                again: chance.one_in(2),
            },
            15..17 => Command::RollBack { only },
            17 => Command::Freeze {
                everywhere,
                seconds: u32::try_from(chance.below(600)).unwrap_or(1) + 1,
            },
            18 => Command::Unfreeze { everywhere },
            19..21 => Command::Release,
            21 => Command::Replay,
            22..24 => Command::Hold,
            24..26 => Command::ReleaseHold,
            26..28 => Command::Abandon,
            28..31 => Command::Promote,
            _ => Command::Reset,
        }
    }

    /// Gives a command to a replica, if that runs; nobody waits for the answer here.
    pub(super) fn give(&mut self, replica: usize, watched: &Watched, command: Command) {
        let Some((app, wire)) = self.replicas[replica].app() else {
            return;
        };
        self.operators.commands += 1;
        let author = Author::new(format!("operator {}", self.operators.commands));
        let key = u64::from(self.operators.commands);
        let (watch, life) = (watched.watch_name(), wire.life);
        let town = self.town.clone();
        let asks = || format!("{author} asks life {life} for {command:?} of {watch}");
        town.trace.note(asks);
        let mut ledger = town.ledger();
        let model = &mut ledger.model;
        model.commanded(author.clone(), &watch, command.clone());
        drop(ledger);
        self.operators.busy.spawn(async move {
            let order = Order {
                app,
                clock: wire.clock.clone(),
                watch,
                author: author.clone(),
                key,
            };
            let carried_out = timeout(Duration::from_mins(1), order.carry_out(&command));
            tokio::select! {
                biased;
                _ = wire.ended() => {}
                answer = carried_out => match answer {
                    Ok(answer) => {
                        town.trace.note(|| format!("{author} is answered: {answer:?}"));
                        if let Ok(must_tell) = answer {
                            town.ledger().answered(&author, must_tell);
                        }
                    }
                    Err(_) => town.trace.note(|| format!("{author} waits no longer")),
                }
            }
        });
        while self.operators.busy.try_join_next().is_some() {}
    }
}

struct Order {
    app: Arc<App>,
    clock: MachineClock,
    watch: WatchName,
    author: Author,
    /// What makes its demand one.
    key: u64,
}

impl Order {
    /// Gives whether some event must tell of it.
    async fn carry_out(&self, command: &Command) -> Result<bool, String> {
        let (app, author) = (&self.app, &self.author);
        match command {
            Command::Pin(tag) => self.change(Some(Target::Pin(tag.clone())), None).await,
            Command::Track => self.change(Some(Target::Track), None).await,
            Command::AutoDeploy(on) => self.change(None, Some(*on)).await,
            Command::DeployNow { tag, only, again } => {
                let demand = DeployNow {
                    tag: tag.clone(),
                    workload: only.clone(),
                    overrides_freeze: false,
                    once: Some(Once::new(self.key, 0)),
                };
                let first = app.deploy_now(&self.watch, &demand, author).await;
                if !again {
                    return told(first);
                }
                told(app.deploy_now(&self.watch, &demand, author).await)
            }
            Command::RollBack { only } => {
                let demand = RollBack {
                    workload: only.clone(),
                    overrides_freeze: false,
                    once: None,
                };
                told(app.roll_back(&self.watch, &demand, author).await)
            }
            Command::Hold => {
                let reason = "the fair is on".to_owned();
                self.change_hold(HoldChange::Hold { reason }).await
            }
            Command::ReleaseHold => self.change_hold(HoldChange::Release).await,
            Command::Abandon => self.abandon().await,
            Command::Promote => self.promote().await,
            Command::Reset => told(app.reset(&self.watch, author).await),
            Command::Freeze {
                everywhere,
                seconds,
            } => {
                let freeze = NewFreeze {
                    watch: (!everywhere).then(|| self.watch.clone()),
                    until: self.clock.now() + TimeDelta::seconds((*seconds).into()),
                    reason: "the fair is on".to_owned(),
                };
                told(app.freeze(&freeze, author).await)
            }
            Command::Unfreeze { everywhere } => {
                let watch = Some(&self.watch).filter(|_| !everywhere);
                let ended = app.unfreeze(watch, author).await;
                told(ended).map(|_| false)
            }
            Command::Release => self.release().await,
            Command::Replay => self.replay().await,
        }
    }

    async fn change(
        &self,
        target: Option<Target>,
        auto_deploy: Option<bool>,
    ) -> Result<bool, String> {
        let change = IntentChange {
            target,
            auto_deploy,
            hold: None,
            expected: None,
        };
        told(
            self.app
                .change_intent(&self.watch, &change, &self.author)
                .await,
        )
    }

    async fn change_hold(&self, hold: HoldChange) -> Result<bool, String> {
        let change = IntentChange {
            hold: Some(hold),
            ..IntentChange::default()
        };
        let (app, author) = (&self.app, &self.author);
        told(app.change_intent(&self.watch, &change, author).await)
    }

    /// Gives up what is deployed, of whichever watch, if anything is.
    async fn abandon(&self) -> Result<bool, String> {
        let open = self.app.open_deployments();
        let Some(id) = open.first() else {
            return Ok(false);
        };
        let (app, author) = (&self.app, &self.author);
        told(app.abandon(*id, "the fair is on", author).await)
    }

    /// Promotes canaries that wait as far as this replica knows, of whichever watch, if any do.
    async fn promote(&self) -> Result<bool, String> {
        let views = self.app.watches().into_iter();
        let mut open = views
            .flat_map(|view| view.workloads)
            .filter_map(|workload| workload.in_flight);
        let waits = |open: &Deployment| matches!(open.state, State::AwaitingPromotion { .. });
        let Some(waiting) = open.find(waits) else {
            return Ok(false);
        };
        told(self.app.promote(waiting.id, &self.author).await)
    }

    async fn release(&self) -> Result<bool, String> {
        let quarantine = self.app.quarantine(&self.watch).unwrap_or_default();
        let Some(entry) = quarantine.first() else {
            return Ok(false);
        };
        let (app, author) = (&self.app, &self.author);
        told(
            app.release_from_quarantine(&self.watch, entry.deployment, author)
                .await,
        )
    }

    async fn replay(&self) -> Result<bool, String> {
        let query = DeadLetterQuery {
            sink: None,
            after: 0,
            limit: 1,
        };
        let letters = self.app.dead_letters(&query).await;
        let letters = letters.map_err(|problem| problem.to_string())?;
        if let Some(letter) = letters.first() {
            let replayed = self
                .app
                .replay(&letter.sink, letter.event, &self.author)
                .await;
            replayed.map_err(|problem| problem.to_string())?;
        }
        Ok(false)
    }
}

fn told<T>(answer: Result<T, CommandError>) -> Result<bool, String> {
    answer.map(|_| true).map_err(|problem| problem.to_string())
}
