use super::*;

#[test]
fn jobs_that_launch_others_are_done_once_registered() {
    Case::of(job(4, 1, 2, |raw| {
        raw["Periodic"] = json!({ "Spec": "@daily" });
    }))
    .is(&Progress::Succeeded);
    Case::of(job(4, 1, 2, |raw| raw["ParameterizedJob"] = json!({}))).is(&Progress::Succeeded);
}

#[test]
fn a_job_that_is_gone_or_stopped_is_the_workload_s_fault() {
    let mut purged = Case::of(ours());
    purged.facts.job = None;
    purged.fails(by_workload, false, "purged");
    Case::of(job(4, 1, 2, |raw| raw["Stop"] = json!(true))).fails(by_workload, false, "stopped");
}

#[test]
fn a_job_that_was_only_scaled_is_still_ours() {
    let mut scaled = Case::of(job(5, 1, 2, |raw| raw["TaskGroups"][0]["Count"] = json!(9)))
        .deployment(
            "cancelled",
            "Cancelled due to newer version of job",
            &json!({}),
        );
    scaled.facts.deployments.push(Deployment {
        job_spec_modify_index: 50,
        status: "successful".into(),
        ..Deployment::default()
    });
    scaled.is(&Progress::Succeeded);
}

#[test]
fn another_image_over_ours_supersedes_it() {
    let theirs = || Case::of(job(5, 7, 3, |_| {}));
    theirs().is(&Progress::Superseded);
    theirs()
        .deployment(
            "cancelled",
            "Cancelled due to newer version of job",
            &json!({}),
        )
        .is(&Progress::Superseded);
    let mut trimmed = theirs();
    trimmed.facts.versions = vec![job(9, 7, 3, |_| {})];
    trimmed.is(&Progress::Superseded);
}

#[test]
fn nomad_s_own_revert_is_a_failure_that_was_restored() {
    let reverted = || Case::of(before(5));
    reverted()
        .deployment("failed", ROLLS_BACK, &json!({}))
        .fails(by_image, true, ROLLS_BACK);
    reverted().fails(by_image, true, "rolled back");
    let limited = reverted().allocation("failed", &driver_failure("toomanyrequests"));
    limited.fails(by_orchestrator, true, "toomanyrequests");
}

#[test]
fn an_update_that_nomad_lost_is_not_the_image_s_fault() {
    let overwritten = Case::of(before(5)).deployment("successful", "", &json!({}));
    overwritten.fails(by_orchestrator, true, "lost the update");
    let mut stable = Case::of(before(5));
    stable.facts.versions[1] = job(4, 1, 2, |raw| raw["Stable"] = json!(true));
    stable.fails(by_orchestrator, true, "lost the update");
    let mut never_written = Case::of(before(4));
    never_written.facts.versions = vec![before(4), before(3)];
    never_written.fails(by_orchestrator, true, "no version of it with our mark");
}
