use super::*;

async fn with_canary(change: impl FnOnce(&mut Value)) -> SimulatedNomad {
    running_web_with(|job| {
        job["TaskGroups"][0]["Count"] = 2.into();
        job["TaskGroups"][0]["Update"]["Canary"] = 1.into();
        change(&mut job["TaskGroups"][0]["Update"]);
    })
    .await
}

/// The deployment of version 1 when its canary is healthy.
async fn healthy_canary(nomad: &SimulatedNomad) -> Value {
    until(nomad, "/v1/job/web/deployment", |deployment| {
        deployment["TaskGroups"]["app"]["HealthyAllocs"] == 1 && deployment["JobVersion"] == 1
    })
    .await
}

async fn promote(nomad: &SimulatedNomad, deployment: &Value) -> Answer {
    let id = deployment["ID"].as_str().unwrap();
    let body = json!({"DeploymentID": id, "All": true});
    post(nomad, &format!("/v1/deployment/promote/{id}"), body).await
}

#[tokio::test]
async fn a_healthy_canary_waits_for_its_promotion() {
    let nomad = with_canary(|_| {}).await;
    deploy(&nomad, NEW).await;
    let deployment = healthy_canary(&nomad).await;
    assert_eq!(deployment["Status"], "running");
    assert_eq!(
        deployment["StatusDescription"],
        "Deployment is running but requires manual promotion"
    );
    let group = &deployment["TaskGroups"]["app"];
    assert_eq!(
        (&group["DesiredCanaries"], &group["DesiredTotal"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(
        (&group["Promoted"], &group["AutoPromote"]),
        (&json!(false), &json!(false))
    );
    assert_eq!(group["PlacedCanaries"].as_array().unwrap().len(), 1);
    assert_eq!(
        nomad.running_image("web", "app", "server").as_deref(),
        Some(OLD)
    );

    promote(&nomad, &deployment).await.json();
    let ended = ended_deployment(&nomad, 1).await;
    assert_eq!(ended["Status"], "successful");
    assert_eq!(ended["TaskGroups"]["app"]["Promoted"], true);
    assert_eq!(ended["TaskGroups"]["app"]["HealthyAllocs"], 2);
    assert_eq!(
        nomad.running_image("web", "app", "server").as_deref(),
        Some(NEW)
    );
    promote(&nomad, &ended)
        .await
        .refuses(500, "can't promote terminal deployment");
}

#[tokio::test]
async fn a_canary_that_is_all_there_is_succeeds_once_promoted() {
    let canary = |job: &mut Value| job["TaskGroups"][0]["Update"]["Canary"] = 1.into();
    let nomad = running_web_with(canary).await;
    deploy(&nomad, NEW).await;
    let deployment = healthy_canary(&nomad).await;
    assert_eq!(deployment["TaskGroups"]["app"]["DesiredTotal"], 1);
    promote(&nomad, &deployment).await.json();
    let ended = ended_deployment(&nomad, 1).await;
    assert_eq!(ended["Status"], "successful");
}

#[tokio::test]
async fn a_canary_that_promotes_itself_needs_nobody() {
    let nomad = with_canary(|update| update["AutoPromote"] = true.into()).await;
    deploy(&nomad, NEW).await;
    assert_eq!(ended_deployment(&nomad, 1).await["Status"], "successful");
    assert_eq!(
        nomad.running_image("web", "app", "server").as_deref(),
        Some(NEW)
    );
}

#[tokio::test]
async fn a_canary_that_is_not_healthy_cannot_be_promoted() {
    let nomad = with_canary(|_| {}).await;
    nomad.stall_image(NEW);
    deploy(&nomad, NEW).await;
    let deployment = until(&nomad, "/v1/job/web/deployment", |deployment| {
        deployment["TaskGroups"]["app"]["PlacedAllocs"] == 1 && deployment["JobVersion"] == 1
    })
    .await;
    promote(&nomad, &deployment).await.refuses(
        500,
        "1 error occurred:\n\t* Task group \"app\" has 0/1 healthy allocations\n\n",
    );
}

#[tokio::test]
async fn a_canary_that_fails_leaves_the_others_alone() {
    let nomad = with_canary(|_| {}).await;
    nomad.fail_image(NEW, "Failed to pull");
    deploy(&nomad, NEW).await;
    assert_eq!(ended_deployment(&nomad, 1).await["Status"], "failed");
    let evaluated = |evaluations: &Value| evaluations[0]["Status"] == "complete";
    until(&nomad, "/v1/job/web/evaluations", evaluated).await;
    let allocations = get(&nomad, "/v1/job/web/allocations").await.json();
    let wanted: Vec<&Value> = allocations.as_array().unwrap().iter().collect();
    let wanted: Vec<&&Value> = wanted
        .iter()
        .filter(|allocation| allocation["DesiredStatus"] == "run")
        .collect();
    assert_eq!(wanted.len(), 2);
    assert!(
        wanted
            .iter()
            .all(|allocation| allocation["JobVersion"] == 0)
    );
}

#[tokio::test]
async fn a_deployment_without_canaries_has_nothing_to_promote() {
    let nomad = running_web().await;
    nomad.stall_image(NEW);
    deploy(&nomad, NEW).await;
    let deployment = until(&nomad, "/v1/job/web/deployment", |deployment| {
        deployment["JobVersion"] == 1
    })
    .await;
    promote(&nomad, &deployment)
        .await
        .refuses(500, "no canaries to promote");
}

#[tokio::test]
async fn a_newer_version_takes_the_canaries_of_the_one_before_away() {
    let nomad = with_canary(|_| {}).await;
    deploy(&nomad, NEW).await;
    healthy_canary(&nomad).await;
    nomad.edit("web", |job| set_image(job, OLD)).unwrap();
    assert_eq!(ended_deployment(&nomad, 2).await["Status"], "successful");
    let allocations = get(&nomad, "/v1/job/web/allocations").await.json();
    let mut all = allocations.as_array().unwrap().iter();
    assert!(all.all(|one| one["JobVersion"] == 2 || one["DesiredStatus"] == "stop"));
    assert_eq!(
        nomad.running_image("web", "app", "server").as_deref(),
        Some(OLD)
    );
}
