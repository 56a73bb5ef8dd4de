use super::*;

/// The deployment of version 1, which goes on for ever.
async fn stalled(nomad: &SimulatedNomad) -> String {
    nomad.stall_image(NEW);
    deploy(nomad, NEW).await;
    let deployment = until(nomad, "/v1/job/web/deployment", |deployment| {
        deployment["JobVersion"] == 1
    })
    .await;
    deployment["ID"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_deployment_can_be_failed_by_hand() {
    let nomad = running_web_with(|job| {
        job["TaskGroups"][0]["Update"]["AutoRevert"] = true.into();
    })
    .await;
    let id = stalled(&nomad).await;
    let path = format!("/v1/deployment/fail/{id}");
    let answer = call(&nomad, Method::PUT, &path, None).await;
    assert!(answer.index > 0);
    assert_eq!(answer.json()["RevertedJobVersion"], 0);
    let deployment = get(&nomad, &format!("/v1/deployment/{id}")).await.json();
    assert_eq!(
        deployment["StatusDescription"],
        "Deployment marked as failed - rolling back to job version 0"
    );
    assert_eq!(ended_deployment(&nomad, 2).await["Status"], "successful");
    let again = call(&nomad, Method::PUT, &path, None).await;
    again.refuses(500, "can't fail terminal deployment");
}

#[tokio::test]
async fn a_paused_deployment_is_judged_when_it_is_resumed() {
    let nomad = running_web().await;
    nomad.configure(|settings| settings.health_delay = std::time::Duration::from_secs(1));
    deploy(&nomad, NEW).await;
    let deployment = until(&nomad, "/v1/job/web/deployment", |deployment| {
        deployment["JobVersion"] == 1
    })
    .await;
    let id = deployment["ID"].as_str().unwrap();
    let pause = async |pause: bool| {
        let body = json!({"DeploymentID": id, "Pause": pause});
        post(&nomad, &format!("/v1/deployment/pause/{id}"), body)
            .await
            .json()
    };
    assert_eq!(pause(true).await["EvalID"], "");
    let healthy = |deployment: &Value| deployment["TaskGroups"]["app"]["HealthyAllocs"] == 1;
    let paused = until(&nomad, "/v1/job/web/deployment", healthy).await;
    assert_eq!(paused["Status"], "paused");
    assert_eq!(paused["StatusDescription"], "Deployment is paused");
    assert_ne!(pause(false).await["EvalID"], "");
    assert_eq!(ended_deployment(&nomad, 1).await["Status"], "successful");
}

#[tokio::test]
async fn the_body_must_repeat_the_deployment() {
    let nomad = running_web().await;
    let id = stalled(&nomad).await;
    for command in ["promote", "pause"] {
        let path = format!("/v1/deployment/{command}/{id}");
        let missing = post(&nomad, &path, json!({"All": true})).await;
        missing.refuses(400, "DeploymentID must be specified");
        let other = post(&nomad, &path, json!({"DeploymentID": "other"})).await;
        other.refuses(400, "Deployment ID does not match");
    }
}

#[tokio::test]
async fn an_unknown_deployment_is_404_to_read_and_500_to_command() {
    let nomad = running_web().await;
    get(&nomad, "/v1/deployment/none")
        .await
        .refuses(404, "deployment not found");
    let failed = post(&nomad, "/v1/deployment/fail/none", json!({})).await;
    failed.refuses(500, "deployment not found");
}

#[tokio::test]
async fn a_job_is_reverted_to_an_older_version() {
    let nomad = running_web().await;
    deploy(&nomad, NEW).await;
    ended_deployment(&nomad, 1).await;
    let revert = async |body: Value| post(&nomad, "/v1/job/web/revert", body).await;
    let same = revert(json!({"JobID": "web", "JobVersion": 1})).await;
    same.refuses(500, "can't revert to current version");
    let overtaken = json!({"JobID": "web", "JobVersion": 0, "EnforcePriorVersion": 7});
    let text = "Current job has version 1; enforcing version 7";
    revert(overtaken).await.refuses(500, text);
    let unknown = revert(json!({"JobID": "web", "JobVersion": 9})).await;
    unknown.refuses(
        500,
        "job \"web\" in namespace \"default\" at version 9 not found",
    );
    revert(json!({"JobID": "api", "JobVersion": 0}))
        .await
        .refuses(400, "Job ID does not match");

    let right = json!({"JobID": "web", "JobVersion": 0, "EnforcePriorVersion": 1});
    let answer = revert(right).await.json();
    assert_eq!(
        answer["JobModifyIndex"],
        nomad.job("web").unwrap()["JobModifyIndex"]
    );
    ended_deployment(&nomad, 2).await;
    assert_eq!(
        nomad.running_image("web", "app", "server").as_deref(),
        Some(OLD)
    );
}

#[tokio::test]
async fn a_version_can_be_marked_as_stable() {
    let nomad = running_web().await;
    let spec = nomad.job("web").unwrap()["JobModifyIndex"].clone();
    let body = json!({"JobID": "web", "JobVersion": 0, "Stable": false});
    let answer = post(&nomad, "/v1/job/web/stable", body).await.json();
    let job = nomad.job("web").unwrap();
    assert_eq!(job["Stable"], false);
    assert_eq!(job["ModifyIndex"], answer["Index"]);
    assert_eq!(job["JobModifyIndex"], spec);
}
