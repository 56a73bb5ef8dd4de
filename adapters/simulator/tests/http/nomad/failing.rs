use super::*;

fn auto_revert(job: &mut Value) {
    job["TaskGroups"][0]["Update"]["AutoRevert"] = true.into();
}

#[tokio::test]
async fn an_image_that_cannot_be_pulled_fails_and_stays() {
    let nomad = running_web().await;
    nomad.fail_image("sha256:4e3", "Failed to pull `web`: manifest unknown");
    deploy(&nomad, NEW).await;
    let deployment = ended_deployment(&nomad, 1).await;
    assert_eq!(deployment["Status"], "failed");
    assert_eq!(
        deployment["StatusDescription"],
        "Failed due to unhealthy allocations"
    );
    assert_eq!(deployment["TaskGroups"]["app"]["UnhealthyAllocs"], 1);

    let id = deployment["ID"].as_str().unwrap();
    let path = format!("/v1/deployment/allocations/{id}");
    let allocation = &get(&nomad, &path).await.json()[0];
    assert_eq!(allocation["ClientStatus"], "failed");
    assert_eq!(allocation["DeploymentStatus"]["Healthy"], false);
    let task = &allocation["TaskStates"]["server"];
    assert_eq!(
        (&task["State"], &task["Failed"]),
        (&json!("dead"), &json!(true))
    );
    let event = task["Events"].as_array().unwrap().last().unwrap();
    assert_eq!(event["Type"], "Driver Failure");
    assert_eq!(
        event["DisplayMessage"],
        "Failed to pull `web`: manifest unknown"
    );

    assert_eq!(nomad.versions("web").len(), 2);
    assert_eq!(
        nomad.job_image("web", "app", "server").as_deref(),
        Some(NEW)
    );
    assert_eq!(nomad.running_image("web", "app", "server"), None);
}

#[tokio::test]
async fn auto_revert_registers_the_stable_version_anew() {
    let nomad = running_web_with(auto_revert).await;
    nomad.unhealthy_image(NEW);
    deploy(&nomad, NEW).await;
    let deployment = ended_deployment(&nomad, 2).await;
    assert_eq!(deployment["Status"], "successful");

    let deployments = get(&nomad, "/v1/job/web/deployments").await.json();
    assert_eq!(
        deployments[1]["StatusDescription"],
        "Failed due to unhealthy allocations - rolling back to job version 0"
    );
    let versions = nomad.versions("web");
    let numbers: Vec<&Value> = versions.iter().map(|job| &job["Version"]).collect();
    assert_eq!(numbers, [2, 1, 0]);
    assert_eq!(versions[1]["Stable"], false);
    assert_eq!(
        nomad.running_image("web", "app", "server").as_deref(),
        Some(OLD)
    );
    let evaluations = get(&nomad, "/v1/job/web/evaluations").await.json();
    assert_eq!(evaluations[0]["TriggeredBy"], "deployment-watcher");
}

#[tokio::test]
async fn auto_revert_does_not_go_back_to_what_has_just_failed() {
    let nomad = running_web_with(auto_revert).await;
    nomad.unhealthy_image(NEW);
    nomad.unhealthy_image(OLD);
    deploy(&nomad, NEW).await;
    let deployment = ended_deployment(&nomad, 2).await;
    assert_eq!(
        deployment["StatusDescription"],
        "Failed due to unhealthy allocations - not rolling back to stable job version 0 as \
         current job has same specification"
    );
    assert_eq!(nomad.versions("web").len(), 3);
}

#[tokio::test]
async fn auto_revert_needs_a_stable_version() {
    let nomad = running_web_with(auto_revert).await;
    let body = json!({"JobID": "web", "JobVersion": 0, "Stable": false});
    post(&nomad, "/v1/job/web/stable", body).await.json();
    nomad.unhealthy_image(NEW);
    deploy(&nomad, NEW).await;
    let deployment = ended_deployment(&nomad, 1).await;
    assert_eq!(
        deployment["StatusDescription"],
        "Failed due to unhealthy allocations - no stable job version to auto revert to"
    );
}

#[tokio::test]
async fn a_rollout_without_progress_meets_its_deadline() {
    let nomad = running_web_with(|job| {
        job["TaskGroups"][0]["Update"]["ProgressDeadline"] = 50_000_000.into();
    })
    .await;
    nomad.stall_image(NEW);
    deploy(&nomad, NEW).await;
    let deployment = ended_deployment(&nomad, 1).await;
    assert_eq!(deployment["Status"], "failed");
    assert_eq!(
        deployment["StatusDescription"],
        "Failed due to progress deadline"
    );
}

#[tokio::test]
async fn without_a_deployment_the_allocation_alone_fails() {
    let nomad = running_web_with(|job| {
        job["TaskGroups"][0]["Update"]["MaxParallel"] = 0.into();
    })
    .await;
    nomad.fail_image(NEW, "Failed to pull");
    deploy(&nomad, NEW).await;
    let allocations = until(&nomad, "/v1/job/web/allocations", |allocations| {
        allocations[1]["ClientStatus"] == "failed"
    })
    .await;
    assert_eq!(allocations[1]["DeploymentStatus"], Value::Null);
    assert_eq!(allocations[1]["NextAllocation"], "");
}

#[tokio::test]
async fn a_full_cluster_blocks_the_rollout_until_there_is_room() {
    let nomad = running_web().await;
    nomad.exhaust_capacity();
    let registered = deploy(&nomad, NEW).await;
    let id = registered["EvalID"].as_str().unwrap();
    let evaluation = until(&nomad, &format!("/v1/evaluation/{id}"), |evaluation| {
        evaluation["Status"] == "complete"
    })
    .await;
    let metric = &evaluation["FailedTGAllocs"]["app"];
    assert_eq!(metric["DimensionExhausted"], json!({"memory": 1}));
    assert_eq!(evaluation["QueuedAllocations"], json!({"app": 1}));
    let blocked = evaluation["BlockedEval"].as_str().unwrap();
    let blocked = get(&nomad, &format!("/v1/evaluation/{blocked}"))
        .await
        .json();
    assert_eq!(
        (&blocked["Status"], &blocked["PreviousEval"]),
        (&json!("blocked"), &json!(id))
    );
    let deployment = get(&nomad, "/v1/job/web/deployment").await.json();
    assert_eq!(deployment["Status"], "running");
    assert_eq!(
        nomad.running_image("web", "app", "server").as_deref(),
        Some(OLD)
    );

    nomad.free_capacity();
    assert_eq!(ended_deployment(&nomad, 1).await["Status"], "successful");
    assert_eq!(
        nomad.running_image("web", "app", "server").as_deref(),
        Some(NEW)
    );
}

#[tokio::test]
async fn a_recovered_cluster_runs_the_image_that_failed_before() {
    let nomad = running_web().await;
    nomad.fail_image(NEW, "Failed to pull");
    deploy(&nomad, NEW).await;
    assert_eq!(ended_deployment(&nomad, 1).await["Status"], "failed");
    nomad.recover();
    nomad.edit("web", |job| {
        job["TaskGroups"][0]["Tasks"][0]["Env"] = json!({"TRY": "2"});
    });
    assert_eq!(ended_deployment(&nomad, 2).await["Status"], "successful");
    assert_eq!(
        nomad.running_image("web", "app", "server").as_deref(),
        Some(NEW)
    );
}
