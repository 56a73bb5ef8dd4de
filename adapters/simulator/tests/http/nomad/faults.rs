use std::time::Duration;

use registrywatcher_simulator::ALWAYS;

use super::*;

#[tokio::test]
async fn a_lost_leader_comes_back() {
    let nomad = running_web().await;
    nomad.fault(|faults| faults.no_leader = 2);
    assert_eq!(get(&nomad, "/v1/status/leader").await.json(), "");
    for _ in 0..2 {
        get(&nomad, "/v1/job/web")
            .await
            .refuses(500, "No cluster leader");
    }
    get(&nomad, "/v1/job/web").await.json();
    assert_eq!(
        get(&nomad, "/v1/status/leader").await.json(),
        "127.0.0.1:4647"
    );
}

#[tokio::test]
async fn calls_can_fail_until_recovery() {
    let nomad = running_web().await;
    nomad.fault(|faults| {
        faults.failing = ALWAYS;
        faults.failing_text = "rpc error: EOF".to_owned();
    });
    for _ in 0..3 {
        get(&nomad, "/v1/job/web")
            .await
            .refuses(500, "rpc error: EOF");
    }
    nomad.recover();
    get(&nomad, "/v1/job/web").await.json();
    nomad.fault(|faults| faults.rate_limited = 1);
    let limited = get(&nomad, "/v1/job/web").await;
    assert_eq!(limited.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_write_can_happen_although_its_answer_is_an_error() {
    let nomad = running_web().await;
    nomad.fault(|faults| faults.lost_answers = 1);
    let mut job = get(&nomad, "/v1/job/web").await.json();
    set_image(&mut job, NEW);
    let answer = post(&nomad, "/v1/jobs", json!({"Job": job})).await;
    answer.refuses(500, "leadership lost while committing log");
    assert_eq!(
        nomad.job_image("web", "app", "server").as_deref(),
        Some(NEW)
    );
}

#[tokio::test]
async fn a_write_has_happened_long_before_its_answer_comes() {
    let nomad = running_web().await;
    let late = Duration::from_mins(1);
    nomad.fault(|faults| faults.late_answers = Some(late));
    let mut job = get(&nomad, "/v1/job/web").await.json();
    set_image(&mut job, NEW);
    let writer = nomad.clone();
    let unanswered =
        tokio::spawn(async move { post(&writer, "/v1/jobs", json!({"Job": job})).await });
    while nomad.job_image("web", "app", "server").as_deref() != Some(NEW) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(!unanswered.is_finished());
}

#[tokio::test]
async fn an_evaluation_can_be_lost_for_a_while() {
    let nomad = running_web().await;
    let registered = deploy(&nomad, NEW).await;
    let path = format!("/v1/evaluation/{}", registered["EvalID"].as_str().unwrap());
    nomad.fault(|faults| faults.lost_evaluations = 1);
    get(&nomad, &path).await.refuses(404, "eval not found");
    get(&nomad, &path).await.json();
}

#[tokio::test]
async fn the_scheduler_can_give_up() {
    let nomad = running_web().await;
    nomad.fault(|faults| faults.failed_evaluations = 1);
    let registered = deploy(&nomad, NEW).await;
    let path = format!("/v1/evaluation/{}", registered["EvalID"].as_str().unwrap());
    let failed = until(&nomad, &path, |evaluation| evaluation["Status"] == "failed").await;
    assert_eq!(failed["StatusDescription"], "maximum attempts reached (5)");
    assert_eq!(nomad.deployments("web").len(), 1);
}

#[tokio::test]
async fn a_lost_deployment_is_still_in_the_list_of_its_job() {
    let nomad = running_web().await;
    deploy(&nomad, NEW).await;
    let deployment = ended_deployment(&nomad, 1).await;
    nomad.fault(|faults| faults.lost_deployments = ALWAYS);
    let id = deployment["ID"].as_str().unwrap();
    let lost = get(&nomad, &format!("/v1/deployment/{id}")).await;
    lost.refuses(404, "deployment not found");
    let listed = get(&nomad, "/v1/job/web/deployments").await.json();
    assert_eq!(listed[0]["ID"], id);
}

#[tokio::test]
async fn an_evaluation_can_name_a_deployment_that_never_was() {
    let nomad = running_web().await;
    nomad.fault(|faults| faults.phantom_deployments = 1);
    let registered = deploy(&nomad, NEW).await;
    let path = format!("/v1/evaluation/{}", registered["EvalID"].as_str().unwrap());
    let complete = |evaluation: &Value| evaluation["Status"] == "complete";
    let named = until(&nomad, &path, complete).await;
    let named = named["DeploymentID"].as_str().unwrap();
    assert_ne!(named, "");
    let phantom = get(&nomad, &format!("/v1/deployment/{named}")).await;
    phantom.refuses(404, "deployment not found");
    let real = ended_deployment(&nomad, 1).await;
    assert_eq!(real["JobSpecModifyIndex"], registered["JobModifyIndex"]);
}

#[tokio::test]
async fn garbage_is_collected() {
    let nomad = running_web().await;
    nomad.collect_garbage();
    assert_eq!(
        get(&nomad, "/v1/job/web/deployment").await.json(),
        Value::Null
    );
    assert_eq!(
        get(&nomad, "/v1/job/web/evaluations").await.json(),
        json!([])
    );
    assert_eq!(
        nomad.running_image("web", "app", "server").as_deref(),
        Some(OLD)
    );
}

#[tokio::test]
async fn the_rollout_goes_on_while_the_api_is_down() {
    let nomad = running_web().await;
    deploy(&nomad, NEW).await;
    nomad.stop().await;
    assert_eq!(nomad.connections_open(), 0);
    let refused = client()
        .get(format!("{}/v1/jobs", nomad.url()))
        .send()
        .await;
    assert!(refused.unwrap_err().is_connect());
    nomad.restart().await.unwrap();
    assert_eq!(ended_deployment(&nomad, 1).await["Status"], "successful");
}

#[tokio::test]
async fn a_slow_cluster_outlasts_an_impatient_client() {
    let nomad = running_web().await;
    nomad.fault(|faults| faults.delay = Some(Duration::from_mins(1)));
    let request = client().get(format!("{}/v1/jobs", nomad.url()));
    let failure = request
        .timeout(Duration::from_millis(50))
        .send()
        .await
        .unwrap_err();
    assert!(failure.is_timeout());
}
