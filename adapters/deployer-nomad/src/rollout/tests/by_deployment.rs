use super::*;

#[test]
fn a_deployment_decides_by_its_status() {
    let case = || Case::of(ours());
    case()
        .deployment("successful", "", &json!({}))
        .is(&Progress::Succeeded);
    case()
        .deployment(
            "cancelled",
            "Cancelled due to newer version of job",
            &json!({}),
        )
        .is(&Progress::Superseded);
    case()
        .deployment("cancelled", "Cancelled because job is stopped", &json!({}))
        .fails(by_workload, false, "stopped");
    case()
        .deployment("paused", "", &json!({ "DesiredTotal": 2 }))
        .rolls("the deployment is paused; 0 of 2");
    case()
        .deployment("failed", UNHEALTHY, &json!({}))
        .fails(by_image, false, UNHEALTHY);
    case()
        .deployment("failed", ROLLS_BACK, &json!({}))
        .fails(by_image, true, "version 3");
    let same = "Failed due to unhealthy allocations - not rolling back to stable job version 3 as current job has same \
                specification";
    case()
        .deployment("failed", same, &json!({}))
        .fails(by_image, false, "same specification");
}

#[test]
fn a_promotion_is_awaited_once_all_canaries_are_healthy() {
    let description = "Deployment is running but requires manual promotion";
    let case = |group: Value| Case::of(ours()).deployment("running", description, &group);
    case(json!({ "DesiredCanaries": 2, "HealthyAllocs": 2, "DesiredTotal": 3 }))
        .is(&Progress::AwaitingPromotion);
    case(json!({ "DesiredCanaries": 2, "HealthyAllocs": 1, "DesiredTotal": 3 })).rolls("1 of 3");
    case(json!({ "DesiredCanaries": 2, "HealthyAllocs": 2, "AutoPromote": true })).rolls("healthy");
    case(json!({ "DesiredCanaries": 2, "HealthyAllocs": 2, "Promoted": true })).rolls("healthy");
}

#[test]
fn a_failure_is_blamed_on_what_caused_it() {
    let failed = |description| Case::of(ours()).deployment("failed", description, &json!({}));
    let driver = |message| failed(UNHEALTHY).allocation("failed", &driver_failure(message));
    driver("Failed to pull `x`: manifest unknown").fails(
        by_image,
        false,
        "task `app`: Failed to pull",
    );
    driver("Failed to pull `x`: manifest for x not found").fails(by_image, false, "not found");
    driver("Failed to pull `x`: no matching manifest for linux/arm64")
        .fails(by_image, false, "arm64");
    driver("OCI runtime create failed: exec format error").fails(by_image, false, "exec format");
    driver("Failed to pull `x`: toomanyrequests: You have reached your pull rate limit").fails(
        by_orchestrator,
        false,
        "toomanyrequests",
    );
    driver("Failed to pull `x`: dial tcp: i/o timeout").fails(
        by_orchestrator,
        false,
        "i/o timeout",
    );
    driver("failed to create container: port is already allocated").fails(
        by_orchestrator,
        false,
        "port",
    );

    let started = json!({ "State": "running", "StartedAt": "2026-01-01T00:00:00Z" });
    failed(DEADLINE).fails(by_orchestrator, false, DEADLINE);
    failed(DEADLINE)
        .allocation("running", &started)
        .fails(by_image, false, DEADLINE);
    let never = json!({ "State": "pending", "StartedAt": "0001-01-01T00:00:00Z" });
    failed(DEADLINE)
        .allocation("pending", &never)
        .fails(by_orchestrator, false, DEADLINE);
    let crashed = json!({ "State": "dead", "Failed": true, "StartedAt": "2026-01-01T00:00:00Z",
        "Events": [{ "Type": "Terminated", "DisplayMessage": "Exit Code: 1" }] });
    failed(UNHEALTHY)
        .allocation("failed", &driver_failure("toomanyrequests"))
        .allocation("failed", &crashed)
        .fails(by_image, false, "Exit Code: 1");
}

#[test]
fn what_cannot_be_placed_is_told_while_the_rollout_goes_on() {
    let unplaced = json!({ "Status": "complete", "BlockedEval": "b", "FailedTGAllocs": { "app": {
        "NodesEvaluated": 2, "DimensionExhausted": { "memory": 2 }, "CoalescedFailures": 1 } } });
    let words = "group `app` cannot be placed: memory exhausted on 2 nodes, so for 1 more";
    Case::of(ours())
        .deployment("running", "", &json!({}))
        .evaluation(unplaced.clone())
        .rolls(words);
    Case::of(ours()).evaluation(unplaced).rolls(words);
    let nowhere =
        json!({ "Status": "complete", "FailedTGAllocs": { "app": { "NodesEvaluated": 0 } } });
    Case::of(ours())
        .evaluation(nowhere)
        .rolls("no node is eligible");
}
