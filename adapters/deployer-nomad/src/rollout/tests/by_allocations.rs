use super::*;

#[test]
fn an_evaluation_decides_only_what_it_gave_up() {
    Case::of(ours())
        .evaluation(json!({ "Status": "pending" }))
        .rolls("not looked at");
    let failed = json!({ "Status": "failed", "StatusDescription": "maximum attempts reached (5)" });
    Case::of(ours()).evaluation(failed).fails(
        by_orchestrator,
        false,
        "maximum attempts reached (5)",
    );
    Case::of(ours())
        .evaluation(json!({ "Status": "failed", "NextEval": "e" }))
        .rolls("try again");
    Case::of(ours())
        .evaluation(json!({ "Status": "canceled" }))
        .fails(by_orchestrator, false, "canceled");
}

#[test]
fn without_a_deployment_the_allocations_decide() {
    let running = |second: i64| json!({ "State": "running", "StartedAt": at(second).to_rfc3339() });
    Case::of(ours()).rolls("0 of 2");
    let one = || Case::of(ours()).allocation("running", &running(-60));
    one().rolls("1 of 2");
    one()
        .allocation("running", &running(-60))
        .is(&Progress::Succeeded);
    let young = one().allocation("running", &running(-4));
    assert_eq!(
        young.judged().again_in,
        Some(Duration::from_secs(6)),
        "it must run for 10 s"
    );
    one()
        .allocation("pending", &json!({ "State": "pending" }))
        .rolls("1 of 2");
    one().allocation("unknown", &running(-60)).rolls("1 of 2");
    one()
        .allocation(
            "failed",
            &json!({ "Failed": true, "StartedAt": "2026-01-01T00:00:00Z" }),
        )
        .fails(by_image, false, "allocations failed");
    one()
        .allocation(
            "running",
            &json!({ "State": "running", "Restarts": 3, "StartedAt": "2026-01-01T00:00:00Z" }),
        )
        .fails(by_image, false, "task `app`");
}

#[test]
fn a_batch_job_may_be_complete_and_a_group_of_none_has_nothing_to_wait_for() {
    let batch = Case::of(job(4, 1, 2, |raw| {
        raw["Type"] = json!("batch");
        raw["TaskGroups"][0]["Count"] = json!(1);
    }));
    batch
        .allocation("complete", &json!({ "State": "dead" }))
        .is(&Progress::Succeeded);
    Case::of(job(4, 1, 2, |raw| raw["TaskGroups"][0]["Count"] = json!(0))).is(&Progress::Succeeded);
}

#[test]
fn a_system_job_is_done_once_nothing_older_and_nothing_queued_is_left() {
    let system = || Case::of(job(4, 1, 2, |raw| raw["Type"] = json!("system")));
    let running = json!({ "State": "running", "StartedAt": at(-60).to_rfc3339() });
    system().rolls("0 of 0");
    system()
        .allocation("running", &running)
        .is(&Progress::Succeeded);
    let queued = json!({ "Status": "complete", "QueuedAllocations": { "app": 1 } });
    system()
        .allocation("running", &running)
        .evaluation(queued)
        .rolls("1 of 1");
    let mut old = system()
        .allocation("running", &running)
        .allocation("running", &running);
    old.facts.allocations[1].job_version = 3;
    old.rolls("1 of 1");
}
