use super::*;

async fn with_token(nomad: &SimulatedNomad, path: &str, token: &str) -> StatusCode {
    let request = client().get(format!("{}{path}", nomad.url()));
    let response = request.header("X-Nomad-Token", token).send().await.unwrap();
    response.status()
}

#[tokio::test]
async fn the_agent_says_its_version_unless_that_is_forbidden() {
    let nomad = running_web().await;
    nomad.configure(|settings| settings.version = "1.9.6".to_owned());
    let agent = get(&nomad, "/v1/agent/self").await.json();
    assert_eq!(agent["config"]["Version"]["Version"], "1.9.6");
    assert_eq!(get(&nomad, "/v1/regions").await.json(), json!(["global"]));
    nomad.configure(|settings| settings.agent_self_forbidden = true);
    get(&nomad, "/v1/agent/self")
        .await
        .refuses(403, "Permission denied");
}

#[tokio::test]
async fn a_token_is_needed_where_there_are_acls() {
    let nomad = running_web().await;
    get(&nomad, "/v1/acl/token/self")
        .await
        .refuses(400, "ACL support disabled");
    nomad.configure(|settings| settings.token = Some("secret".to_owned()));
    get(&nomad, "/v1/job/web")
        .await
        .refuses(403, "Permission denied");
    get(&nomad, "/v1/status/leader").await.json();
    assert_eq!(
        with_token(&nomad, "/v1/job/web", "wrong").await,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        with_token(&nomad, "/v1/job/web", "secret").await,
        StatusCode::OK
    );
    assert_eq!(
        with_token(&nomad, "/v1/acl/token/self", "secret").await,
        StatusCode::OK
    );
    let bearer = client()
        .get(format!("{}/v1/job/web", nomad.url()))
        .bearer_auth("secret");
    assert_eq!(bearer.send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn another_region_cannot_be_reached() {
    let nomad = running_web().await;
    get(&nomad, "/v1/job/web?region=global").await.json();
    get(&nomad, "/v1/job/web?region=mars")
        .await
        .refuses(500, "No path to region");
    let body = json!({"Job": {"ID": "web"}, "Region": "mars"});
    post(&nomad, "/v1/jobs?region=global", body)
        .await
        .refuses(500, "No path to region");
}

#[tokio::test]
async fn what_is_outside_the_api_is_not_found() {
    let nomad = running_web().await;
    get(&nomad, "/v1/nothing")
        .await
        .refuses(404, "404 page not found\n");
}

#[tokio::test]
async fn a_job_without_deployments_has_null() {
    let nomad = running_web().await;
    assert_eq!(
        get(&nomad, "/v1/job/none/deployment").await.json(),
        Value::Null
    );
    assert_eq!(
        get(&nomad, "/v1/job/none/deployments").await.json(),
        json!([])
    );
    assert_eq!(
        get(&nomad, "/v1/job/none/allocations").await.json(),
        json!([])
    );
    get(&nomad, "/v1/job/none/versions")
        .await
        .refuses(404, "job versions not found");
}
