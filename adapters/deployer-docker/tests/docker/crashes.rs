//! What was interrupted at any change is taken up again.

use registrywatcher::image::Digest;
use registrywatcher::ports::{Deployer, Progress, Rollout};
use registrywatcher_conformance::deployer::follow_to_end;
use serde_json::{Value, json};

use crate::gate::{Cut, Gate};
use crate::support::{FAIL, SERVE, World};

/// The cuts before and after each change, in turn.
fn cuts() -> impl Iterator<Item = Cut> {
    (0..).map(|number| Cut {
        after: number / 2,
        is_made: number % 2 == 1,
    })
}

async fn world_with_v1() -> Option<(World, Digest)> {
    let world = World::new()?;
    let v1 = world.push("v1", SERVE).await;
    let restarts = |body: &mut Value| {
        body["HostConfig"]["RestartPolicy"] = json!({ "Name": "unless-stopped" });
    };
    world.run("v1", restarts).await;
    Some((world, v1))
}

/// Deploys through a connection that ends at `cut`, and then as after a restart; `None` if it came to its end before the cut.
async fn interrupted(
    world: &World,
    id: u128,
    tag: &str,
    digest: &Digest,
    cut: Cut,
) -> Option<Progress> {
    let apply = world.apply(id, tag, digest);
    let accepted = world.deployer().apply(&apply).await;
    let handle = accepted.expect("it is accepted").handle;
    let rollout = Rollout { apply, handle };

    let gate = Gate::before(world.engine.socket(), cut).await;
    let crashing = world.deployer_at(format!("tcp://{}", gate.address()));
    while let Ok(Progress::Rolling { .. }) = crashing.follow(&rollout).await {}
    drop(crashing);
    let has_cut = gate.has_cut();

    // Whoever does not know whether it was accepted asks again.
    let again = world.deployer().apply(&rollout.apply).await;
    let handle = again.expect("it is accepted again").handle;
    let rollout = Rollout { handle, ..rollout };
    let outcome = follow_to_end(&*world.deployer(), &rollout).await;
    has_cut.then_some(outcome)
}

/// The workload runs under its name, with its restart policy, and beside it there are `kept` containers.
async fn assert_whole(world: &World, cut: Cut, kept: usize) {
    let container = world.container().await;
    assert_eq!(container["State"]["Running"], true, "{cut:?}");
    let policy = &container["HostConfig"]["RestartPolicy"]["Name"];
    assert_eq!(policy, "unless-stopped", "{cut:?}");
    let names = world.names().await;
    assert_eq!(names.len(), 1 + kept, "{cut:?}: {names:?}");
}

#[tokio::test]
async fn a_rollout_that_was_cut_at_any_change_succeeds_when_it_is_taken_up_again() {
    let Some((world, v1)) = world_with_v1().await else {
        return;
    };
    let v2 = world.push("v2", SERVE).await;
    for (id, cut) in (1..).zip(cuts()) {
        let (tag, digest) = if id % 2 == 1 {
            ("v2", &v2)
        } else {
            ("v1", &v1)
        };
        let outcome = interrupted(&world, id, tag, digest, cut).await;
        assert_whole(&world, cut, 0).await;
        assert_eq!(world.running().await.digest(), Some(digest), "{cut:?}");
        let Some(outcome) = outcome else {
            assert!(cut.after >= 7, "there are more changes than {cut:?}");
            return;
        };
        assert_eq!(outcome, Progress::Succeeded, "{cut:?}");
    }
}

#[tokio::test]
async fn a_failing_rollout_that_was_cut_at_any_change_still_brings_back_what_ran_before() {
    let Some((world, v1)) = world_with_v1().await else {
        return;
    };
    let v3 = world.push("v3", FAIL).await;
    let first = world.container().await["Id"].clone();
    for (id, cut) in (1..).zip(cuts()) {
        let outcome = interrupted(&world, id, "v3", &v3, cut).await;
        assert_whole(&world, cut, 1).await;
        assert_eq!(world.container().await["Id"], first, "{cut:?}");
        assert_eq!(world.running().await.digest(), Some(&v1), "{cut:?}");
        let Some(outcome) = outcome else {
            assert!(cut.after >= 9, "there are more changes than {cut:?}");
            return;
        };
        assert!(
            matches!(&outcome, Progress::Failed { reason, restored: true } if reason.blames_image()),
            "{cut:?}: {outcome:?}"
        );
    }
}
