//! Who goes on where a deployment is left on trial.

use registrywatcher::ports::{Deployer, Progress, Rollout};
use registrywatcher_conformance::deployer::follow_to_end;

use crate::support::{SERVE, World};

/// A health check that never decides.
const UNDECIDED: &str =
    r#"HEALTHCHECK --interval=1s --start-period=1h CMD ["/app", "check-fails"]"#;

impl World {
    /// Runs `v1`, and deploys a `v2` that stays on trial; gives that rollout.
    async fn left_on_trial(&self, deployer: &dyn Deployer) -> Rollout {
        self.push("v1", SERVE).await;
        self.run("v1", |_| {}).await;
        let v2 = self.push("v2", &[SERVE, &[UNDECIDED]].concat()).await;
        let rollout = self.accepted(deployer, 1, "v2", &v2).await;
        loop {
            match deployer.follow(&rollout).await.expect("it is followed") {
                Progress::Rolling { detail } if detail.contains("health check") => return rollout,
                Progress::Rolling { .. } => {}
                other => panic!("it is on trial, got {other:?}"),
            }
        }
    }

    async fn accepted(
        &self,
        deployer: &dyn Deployer,
        id: u128,
        tag: &str,
        digest: &registrywatcher::image::Digest,
    ) -> Rollout {
        let apply = self.apply(id, tag, digest);
        let handle = deployer.apply(&apply).await.expect("accepted").handle;
        Rollout { apply, handle }
    }
}

#[tokio::test]
async fn a_newer_deployment_takes_over_from_one_that_a_crash_left_undecided() {
    let Some(world) = World::new() else { return };
    let crashing = world.deployer();
    world.left_on_trial(&*crashing).await;
    drop(crashing);
    let v3 = world.push("v3", SERVE).await;
    assert_eq!(world.deploy(2, "v3", &v3).await, Progress::Succeeded);
    assert_eq!(world.running().await.digest(), Some(&v3));
    assert_eq!(world.names().await.len(), 1);
}

#[tokio::test]
async fn a_newer_deployment_begins_once_the_older_one_of_the_same_process_has_stopped() {
    let Some(world) = World::new() else { return };
    let deployer = world.deployer();
    let older = world.left_on_trial(&*deployer).await;
    let v3 = world.push("v3", SERVE).await;
    let newer = world.accepted(&*deployer, 2, "v3", &v3).await;
    assert_eq!(follow_to_end(&*deployer, &newer).await, Progress::Succeeded);
    let outcome = follow_to_end(&*deployer, &older).await;
    assert_eq!(outcome, Progress::Superseded);
    assert_eq!(world.running().await.digest(), Some(&v3));
    assert_eq!(world.names().await.len(), 1);
}

#[tokio::test]
async fn who_finds_his_deployment_undone_by_another_leaves_the_rest_to_him() {
    let Some(world) = World::new() else { return };
    let deployer = world.deployer();
    let rollout = world.left_on_trial(&*deployer).await;
    let undone = format!("{}-rw-undone-000000000001", world.name);
    world
        .act(&world.name, &format!("rename?name={undone}"))
        .await;
    let outcome = follow_to_end(&*deployer, &rollout).await;
    assert_eq!(outcome, Progress::Superseded);
    let old = format!("{}-rw-old-000000000001", world.name);
    let old = world.inspect(&old).await.expect("it waits");
    assert_eq!(old["State"]["Running"], false, "another one brings it back");
}
