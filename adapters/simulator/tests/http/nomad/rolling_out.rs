use super::*;

#[tokio::test]
async fn a_seeded_job_runs_and_is_stable() {
    let nomad = running_web().await;
    let job = get(&nomad, "/v1/job/web").await.json();
    assert_eq!(job["Status"], "running");
    assert_eq!(job["Stable"], true);
    assert_eq!(job["Version"], 0);
    assert!(job["SubmitTime"].as_u64().unwrap() > 1 << 53);
    assert_eq!(
        nomad.running_image("web", "app", "server").as_deref(),
        Some(OLD)
    );
    assert_eq!(nomad.registrations(), 0);
}

#[tokio::test]
async fn a_new_image_is_rolled_out_by_a_deployment() {
    let nomad = running_web().await;
    let registered = deploy(&nomad, NEW).await;
    let id = registered["EvalID"].as_str().unwrap();
    let evaluation = until(&nomad, &format!("/v1/evaluation/{id}"), |evaluation| {
        evaluation["Status"] == "complete"
    })
    .await;
    assert_eq!(evaluation["TriggeredBy"], "job-register");
    assert_eq!(evaluation["FailedTGAllocs"], Value::Null);

    let id = evaluation["DeploymentID"].as_str().unwrap();
    let deployment = until(&nomad, &format!("/v1/deployment/{id}"), |deployment| {
        deployment["Status"] == "successful"
    })
    .await;
    assert_eq!(
        deployment["StatusDescription"],
        "Deployment completed successfully"
    );
    assert_eq!(deployment["JobVersion"], 1);
    assert_eq!(
        deployment["JobSpecModifyIndex"],
        registered["JobModifyIndex"]
    );
    let group = &deployment["TaskGroups"]["app"];
    assert_eq!(
        (&group["DesiredTotal"], &group["HealthyAllocs"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(
        nomad.running_image("web", "app", "server").as_deref(),
        Some(NEW)
    );

    let job = get(&nomad, "/v1/job/web").await.json();
    assert_eq!(job["Stable"], true);
    assert_eq!(job["JobModifyIndex"], registered["JobModifyIndex"]);
    assert!(job["ModifyIndex"].as_u64() > job["JobModifyIndex"].as_u64());
}

#[tokio::test]
async fn allocations_tell_what_their_tasks_do() {
    let nomad = running_web().await;
    deploy(&nomad, NEW).await;
    let deployment = ended_deployment(&nomad, 1).await;
    let allocations = get(&nomad, "/v1/job/web/allocations").await.json();
    assert_eq!(allocations.as_array().unwrap().len(), 2);
    let old = &allocations[0];
    assert_eq!(
        (&old["DesiredStatus"], &old["ClientStatus"]),
        (&json!("stop"), &json!("complete"))
    );

    let id = deployment["ID"].as_str().unwrap();
    let path = format!("/v1/deployment/allocations/{id}");
    let own = get(&nomad, &path).await.json();
    let new = &own[0];
    assert_eq!(new["JobVersion"], 1);
    assert_eq!(
        (&new["DesiredStatus"], &new["ClientStatus"]),
        (&json!("run"), &json!("running"))
    );
    assert_eq!(new["DeploymentStatus"]["Healthy"], true);
    assert_eq!(new["TaskStates"]["server"]["State"], "running");
}

#[tokio::test]
async fn a_newer_version_cancels_the_deployment_before_it() {
    let nomad = running_web().await;
    nomad.stall_image(NEW);
    deploy(&nomad, NEW).await;
    until(&nomad, "/v1/job/web/deployment", |deployment| {
        deployment["JobVersion"] == 1
    })
    .await;
    nomad
        .edit("web", |job| set_image(job, "registry.test/team/web:3"))
        .unwrap();
    ended_deployment(&nomad, 2).await;
    let deployments = get(&nomad, "/v1/job/web/deployments").await.json();
    assert_eq!(deployments[1]["Status"], "cancelled");
    assert_eq!(
        deployments[1]["StatusDescription"],
        "Cancelled due to newer version of job"
    );
}

#[tokio::test]
async fn a_change_that_replaces_nothing_is_an_update_in_place() {
    let nomad = running_web().await;
    nomad.edit("web", |job| {
        job["TaskGroups"][0]["Constraints"] = json!([{"LTarget": "x"}]);
    });
    let deployment = ended_deployment(&nomad, 1).await;
    assert_eq!(deployment["Status"], "successful");
    let allocations = get(&nomad, "/v1/job/web/allocations").await.json();
    assert_eq!(allocations.as_array().unwrap().len(), 1);
    assert_eq!(allocations[0]["JobVersion"], 1);
}

#[tokio::test]
async fn meta_of_the_job_replaces_every_group() {
    let nomad = running_web().await;
    nomad.edit("web", |job| job["Meta"] = json!({"restart": "1"}));
    ended_deployment(&nomad, 1).await;
    let allocations = get(&nomad, "/v1/job/web/allocations").await.json();
    assert_eq!(allocations.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn scaling_makes_a_version_and_no_deployment() {
    let nomad = running_web().await;
    nomad.scale("web", "app", 3);
    let running = |allocations: &Value| {
        let all = allocations.as_array().unwrap();
        all.iter()
            .filter(|one| one["ClientStatus"] == "running")
            .count()
            == 3
    };
    until(&nomad, "/v1/job/web/allocations", running).await;
    assert_eq!(nomad.versions("web").len(), 2);
    assert_eq!(nomad.deployments("web").len(), 1);
}

#[tokio::test]
async fn a_service_that_may_update_nothing_at_once_has_no_deployment() {
    let nomad = running_web_with(|job| {
        job["TaskGroups"][0]["Update"]["MaxParallel"] = 0.into();
    })
    .await;
    assert_eq!(
        get(&nomad, "/v1/job/web/deployment").await.json(),
        Value::Null
    );
    let registered = deploy(&nomad, NEW).await;
    let id = registered["EvalID"].as_str().unwrap();
    let evaluation = until(&nomad, &format!("/v1/evaluation/{id}"), |evaluation| {
        evaluation["Status"] == "complete"
    })
    .await;
    assert_eq!(evaluation["DeploymentID"], "");
    until(&nomad, "/v1/job/web/allocations", |allocations| {
        allocations[1]["ClientStatus"] == "running"
    })
    .await;
}

#[tokio::test]
async fn a_system_job_has_deployments_where_the_version_has_them() {
    for deployments in [false, true] {
        let nomad = SimulatedNomad::start().await.unwrap();
        nomad.configure(|settings| {
            settings.system_deployments = deployments;
            settings.nodes = 2;
        });
        nomad.service_job_with("web", "app", "server", "docker", OLD, |job| {
            job["Type"] = "system".into();
        });
        deploy(&nomad, NEW).await;
        let placed = |allocations: &Value| {
            let all = allocations.as_array().unwrap();
            all.iter().filter(|one| one["JobVersion"] == 1).count() == 2
        };
        until(&nomad, "/v1/job/web/allocations", placed).await;
        assert_eq!(!nomad.deployments("web").is_empty(), deployments);
    }
}

#[tokio::test]
async fn a_batch_job_completes_and_is_dead() {
    let nomad = running_web_with(|job| job["Type"] = "batch".into()).await;
    deploy(&nomad, NEW).await;
    let done = until(&nomad, "/v1/job/web/allocations", |allocations| {
        allocations[1]["ClientStatus"] == "complete"
    })
    .await;
    assert_eq!(done[1]["TaskStates"]["server"]["Failed"], false);
    until(&nomad, "/v1/job/web", |job| job["Status"] == "dead").await;
    assert!(nomad.deployments("web").is_empty());
}

#[tokio::test]
async fn a_stopped_job_is_dead_and_can_be_purged() {
    let nomad = running_web().await;
    nomad.stop_job("web");
    let job = until(&nomad, "/v1/job/web", |job| job["Status"] == "dead").await;
    assert_eq!(job["Stop"], true);
    assert_eq!(nomad.running_image("web", "app", "server"), None);
    nomad.purge_job("web");
    get(&nomad, "/v1/job/web")
        .await
        .refuses(404, "job not found");
}

#[tokio::test]
async fn a_purged_job_comes_back_as_a_new_one() {
    let nomad = running_web().await;
    nomad.purge_job("web");
    nomad.service_job("web", "app", "server", "docker", NEW);
    let job = nomad.job("web").unwrap();
    assert_eq!((&job["Version"], &job["Stable"]), (&json!(0), &json!(true)));
    assert_eq!(
        nomad.running_image("web", "app", "server").as_deref(),
        Some(NEW)
    );
    assert_eq!(nomad.deployments("web").len(), 2);
}

#[tokio::test]
async fn a_group_that_is_taken_out_of_its_job_is_stopped() {
    let nomad = running_web_with(|job| {
        let mut group = job["TaskGroups"][0].clone();
        group["Name"] = "side".into();
        job["TaskGroups"].as_array_mut().unwrap().push(group);
    })
    .await;
    assert_eq!(
        nomad.running_image("web", "side", "server").as_deref(),
        Some(OLD)
    );
    nomad.edit("web", |job| {
        job["TaskGroups"].as_array_mut().unwrap().pop();
    });
    assert_eq!(ended_deployment(&nomad, 1).await["Status"], "successful");
    assert_eq!(nomad.running_image("web", "side", "server"), None);
    assert_eq!(
        nomad.running_image("web", "app", "server").as_deref(),
        Some(OLD)
    );
}
