use registrywatcher::deployment::Running;
use registrywatcher::image::ImageReference;
use registrywatcher::ports::{Apply, Deployer, LABEL_PREFIX, POLICY_LABEL, Progress};

use super::harness::{DeployerHarness, apply, image_failure, roll_out};

/// The capabilities claim neither more nor less than the deployer does.
pub async fn capabilities_claim_neither_more_nor_less_than_is_done(harness: impl DeployerHarness) {
    let reverts = harness.use_reverts().await;
    let deployer = harness.open();
    let capabilities = deployer.capabilities();
    assert_eq!(capabilities.reverts_itself, reverts, "reverts_itself");

    let first = apply(&harness, 1, harness.healthy());
    assert_eq!(
        roll_out(&*deployer, first.clone()).await,
        Progress::Succeeded
    );
    let runs = harness.runs().await;
    if let Some(runs) = &runs {
        let pins = is_pinned(runs, &first);
        assert_eq!(capabilities.pins_digest, pins, "pins_digest: {runs} runs");
    }
    let running = running(&*deployer, &first).await;
    assert_eq!(capabilities.sees_running, running.is_some(), "sees_running");
    if let Some(running) = running {
        if let Some(digest) = runs.as_ref().and_then(ImageReference::digest) {
            assert_eq!(running.image.digest(), Some(digest), "sees_running");
        }
        let carried = (running.mark == Some(first.id)).then_some(first.id);
        assert_eq!(running.mark, carried, "a mark is the deployment's");
        assert_eq!(capabilities.carries_mark, carried.is_some(), "carries_mark");
    }

    let progress = roll_out(&*deployer, apply(&harness, 2, harness.broken())).await;
    let restored = image_failure(&progress);
    assert_eq!(restored, Some(reverts), "reverts_itself: {progress:?}");
    if let Some(runs) = &runs {
        let is_back = harness.runs().await.as_ref() == Some(runs);
        assert_eq!(is_back, reverts, "reverts_itself, in truth");
    }
}

/// `discover` finds the workloads that carry [`POLICY_LABEL`], all of them and no other, where the capabilities say so.
pub async fn discover_finds_what_asks_to_be_watched_and_nothing_else(
    harness: impl DeployerHarness,
) {
    let deployer = harness.open();
    let policy = (POLICY_LABEL, "semver:^1");
    let name = "registrywatcher.name";
    let Some(second) = harness
        .label(&[policy, (name, "shop"), ("owner", "team")])
        .await
    else {
        assert!(!deployer.capabilities().discovers, "discovers");
        let refused = deployer.discover().await;
        let error = refused.expect_err("it cannot be looked for");
        assert!(!error.problem.is_empty(), "it says why");
        return;
    };
    assert!(deployer.capabilities().discovers, "discovers");
    let other = harness.label(&[(name, "no policy")]).await;
    let first = harness.label(&[policy]).await;
    let first = first.expect("another workload can carry labels as well");

    let mut found = deployer.discover().await.expect("it can be looked for");
    let mut expected = [first, second.clone()];
    expected.sort();
    // Others may use the same orchestrator.
    let known = [other, harness.idle(), Some(harness.workload())];
    found.retain(|found| {
        expected.contains(&found.workload) || known.contains(&Some(found.workload.clone()))
    });
    let workloads: Vec<_> = found.iter().map(|found| found.workload.clone()).collect();
    assert_eq!(workloads, expected, "all that ask, and no other");
    for found in found {
        assert_eq!(
            found.labels.get(POLICY_LABEL).map(String::as_str),
            Some(policy.1)
        );
        assert!(
            found
                .labels
                .keys()
                .all(|label| label.starts_with(LABEL_PREFIX))
        );
        let is_named = found.labels.get(name).is_some_and(|name| name == "shop");
        assert_eq!(
            is_named,
            found.workload == second,
            "each has its own labels"
        );
        let image: ImageReference = found.image.parse().expect("an image reference");
        assert_eq!(image.repository(), harness.before().repository());
        deployer
            .unit(&found.workload)
            .expect("its address can be read");
        let running = deployer.running(&found.workload).await;
        assert!(matches!(running, Ok(Some(_))), "got {running:?}");
    }
}

fn is_pinned(runs: &ImageReference, apply: &Apply) -> bool {
    runs.digest()
        .is_some_and(|digest| apply.candidate.image.has_digest(digest, None))
}

async fn running(deployer: &dyn Deployer, apply: &Apply) -> Option<Running> {
    let running = deployer.running(&apply.workload).await;
    running.expect("the workload can be asked for")
}
