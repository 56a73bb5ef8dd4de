use super::*;
use crate::deployment::{DeploymentId, Origin, Setback, State};
use crate::image::Image;
use crate::intent::RequestId;
use crate::policy::Order;
use crate::watch::{DriftMode, Mode};
use uuid::Uuid;

mod adoption;
mod back_off;
mod causes;
mod changed_outside;
mod downgrade;
mod freeze;
mod gates;
mod in_flight;
mod operator_hold;
mod order;
mod quarantine;
mod requests;
mod rollback;
mod up_to_date;
mod wanted;
pub(super) mod world;

use world::{
    World, at, author, awaiting_promotion, candidate, deployment_id, image, index, policy, rolling,
    something, tag, watch, workload,
};

#[track_caller]
fn up_to_date(case: &str, world: &World) {
    let decision = world.decide();
    assert!(
        matches!(decision, Decision::UpToDate { .. }),
        "{case}: {decision:?}"
    );
}

#[track_caller]
fn deploys(case: &str, world: &World, text: &str, why: Cause) -> Deploy {
    match world.decide() {
        Decision::Deploy(deploy) => {
            assert_eq!(
                (deploy.candidate.tag.clone(), deploy.cause.clone()),
                (tag(text), why),
                "{case}"
            );
            deploy
        }
        other => panic!("{case}: {other:?}"),
    }
}

/// Holds for exactly these reasons.
#[track_caller]
fn holds(case: &str, world: &World, reasons: &[&str]) -> Hold {
    match world.decide() {
        Decision::Hold(hold) => {
            let names: Vec<&str> = hold.reasons.iter().map(HoldReason::name).collect();
            assert_eq!(names, reasons, "{case}");
            hold
        }
        other => panic!("{case}: {other:?}"),
    }
}

fn newer(from: &str, to: &str) -> Cause {
    Cause::NewerVersion {
        from: tag(from),
        to: tag(to),
    }
}

fn requested() -> Cause {
    Cause::Requested {
        by: author("kim"),
        request: Some(RequestId(Uuid::from_u128(1))),
    }
}

fn digest_changed(text: &str) -> Cause {
    Cause::DigestChanged { tag: tag(text) }
}

/// A settled world in which `1.1.0` appeared, which is `image(2)`.
fn with_newer(change: impl FnOnce(&mut World)) -> World {
    World::after(|w| {
        w.push("1.1.0", image(2));
        change(w);
    })
}

#[test]
fn every_reason_reads_as_a_sentence() {
    let world = with_newer(|w| {
        w.watch = watch(vec![w.workload.clone()]);
        w.intent.auto_deploy = false;
        w.comes_after("staging", Runs::Nothing);
    });
    let hold = holds("two gates", &world, &["auto_deploy_off", "waits_for"]);
    let sentences: Vec<String> = hold.reasons.iter().map(ToString::to_string).collect();
    assert_eq!(
        sentences,
        ["auto-deploy is off", "production:job=staging comes first"]
    );
}
