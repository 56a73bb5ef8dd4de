use std::time::Duration;

use super::{Build, Model, Move, version};
use crate::decision::tests::world::author;
use crate::deployment::{
    Cause, Deployment, FailedRollout, Failure, Quarantined, Running, Setback, State, Success,
};
use crate::freeze::{Freeze, Stops};
use crate::intent::{OperatorHold, Request, RequestId, Target};

impl Model {
    pub(super) fn make(&mut self, next: &Move) {
        match *next {
            Move::Push(minor, build) => self.push(minor, build),
            Move::Delete(minor) => {
                self.registry.remove(&minor);
            }
            Move::Pin(minor) => self.pin(minor),
            Move::Track => self.intent.target = Target::Track,
            Move::AutoDeploy(on) => self.intent.auto_deploy = on,
            Move::OperatorHold => self.hold(),
            Move::Release => self.intent.hold = None,
            Move::Ask(minor, only) => self.ask(minor, only),
            Move::Succeed(place) => self.succeed(place),
            Move::AwaitPromotion(place) => self.await_promotion(place),
            Move::Fail {
                place,
                blames_image,
                restored,
            } => self.fail(place, blames_image, restored),
            Move::Outside {
                place,
                minor,
                pinned,
            } => self.deploy_outside(place, minor, pinned),
            Move::ReleaseQuarantine => {
                self.quarantine.clear();
                self.quarantined.clear();
                self.places.iter_mut().for_each(|place| place.failed = None);
            }
            Move::Freeze(seconds) => self.freeze(seconds),
            Move::Wait(seconds) => self.now += Duration::from_secs(seconds.into()),
        }
    }

    fn push(&mut self, minor: u8, build: Build) {
        let image = build.image();
        self.programs.insert(image.digest, build.program);
        self.registry.insert(minor, build);
    }

    /// Pinning asks for the tag too, which must be in the registry.
    fn pin(&mut self, minor: u8) {
        if self.registry.contains_key(&minor) {
            self.ask(minor, None);
            self.intent.target = Target::Pin(version(minor));
            self.intent.hold = None;
        }
    }

    fn freeze(&mut self, seconds: u16) {
        self.freeze = Some(Freeze {
            until: self.now + Duration::from_secs(seconds.into()),
            reason: "holidays".to_owned(),
            by: author("kim"),
            since: self.now,
            stops: Stops::Everything,
        });
    }

    fn hold(&mut self) {
        self.intent.hold = Some(OperatorHold {
            past: self.newest(),
            by: author("kim"),
            reason: "incident".to_owned(),
            since: self.now,
        });
    }

    fn ask(&mut self, minor: u8, only: Option<usize>) {
        let Some(candidate) = self.candidate(minor) else {
            return;
        };
        if self.newest().is_some_and(|newest| newest != candidate) {
            self.hold();
        }
        let id = RequestId(self.next_id().0);
        let workloads = &self.watch.workloads;
        self.request = Some(Request {
            id,
            author: author("kim"),
            candidate,
            pending: only.map_or_else(|| workloads.clone(), |only| vec![workloads[only].clone()]),
            single: only.is_some(),
            overrides_freeze: false,
            created_at: self.now,
            expires_at: self.now + Duration::from_mins(10),
        });
    }

    fn applied(&self, deployment: &Deployment) -> Running {
        Running {
            image: self
                .watch
                .image
                .at_digest(deployment.image().digest.clone()),
            tag: Some(deployment.tag().clone()),
            platform: self.platform.clone(),
            mark: Some(deployment.id),
        }
    }

    fn succeed(&mut self, place: usize) {
        let Some(ended) = self.places[place].in_flight.take() else {
            return;
        };
        let running = self.applied(&ended);
        let place = &mut self.places[place];
        place.running = Some(running);
        place.setback = None;
        let is_restore = matches!(ended.cause, Cause::Restore { .. });
        place.failed = place
            .failed
            .take()
            .filter(|_| is_restore)
            .map(|failed| FailedRollout {
                restored: true,
                ..failed
            });
        self.last_deployed = Some(ended.tag().clone());
        place.success = Some(Success {
            deployment: ended.id,
            candidate: ended.candidate,
            at: self.now,
        });
    }

    fn await_promotion(&mut self, place: usize) {
        let now = self.now;
        if let Some(deployment) = &mut self.places[place].in_flight
            && let State::Rolling { handle, .. } = &deployment.state
        {
            deployment.state = State::AwaitingPromotion {
                since: now,
                handle: handle.clone(),
            };
        }
    }

    fn fail(&mut self, place: usize, blames_image: bool, restored: bool) {
        let Some(ended) = self.places[place].in_flight.take() else {
            return;
        };
        let running = self.applied(&ended);
        let place = &mut self.places[place];
        if !restored {
            place.running = Some(running);
        }
        self.request
            .take_if(|request| !request.single && request.candidate == ended.candidate);
        let message = "exited with 1".to_owned();
        let is_restore = matches!(ended.cause, Cause::Restore { .. });
        let leaves_broken =
            |failed: &FailedRollout| failed.reason.blames_image() && !failed.restored;
        let still_broken = place.failed.as_ref().is_some_and(leaves_broken);
        let is_known = is_restore || still_broken;
        if !(is_known && !blames_image || still_broken && restored) {
            place.failed = Some(FailedRollout {
                deployment: ended.id,
                candidate: ended.candidate.clone(),
                reason: if blames_image {
                    Failure::Image { message }
                } else {
                    Failure::Orchestrator { message }
                },
                restored,
                at: self.now,
            });
        }
        if blames_image {
            place.setback = None;
            self.quarantined
                .insert(self.programs[&ended.candidate.image.digest]);
            self.quarantine.push(Quarantined {
                repository: self.watch.repository().clone(),
                candidate: ended.candidate,
                deployment: ended.id,
                reason: "exited with 1".to_owned(),
                since: self.now,
            });
        } else {
            let before = place
                .setback
                .as_ref()
                .map_or(0, |setback| setback.consecutive);
            place.setback = Some(Setback {
                consecutive: before + 1,
                last: self.now,
                deployment: ended.id,
            });
        }
    }

    fn deploy_outside(&mut self, place: usize, minor: u8, pinned: bool) {
        let Some(build) = self.registry.get(&minor) else {
            return;
        };
        let image = if pinned {
            self.watch.image.at_digest(build.image().digest)
        } else {
            self.watch.image.at_tag(version(minor))
        };
        let (tag, platform) = (None, self.platform.clone());
        self.places[place].running = Some(Running {
            image,
            tag,
            platform,
            mark: None,
        });
    }
}
