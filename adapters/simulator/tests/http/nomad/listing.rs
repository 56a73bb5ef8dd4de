use super::*;

/// A cluster with the jobs `api`, `web` and, in the namespace `apps`, `web`.
async fn three_jobs() -> SimulatedNomad {
    let nomad = running_web().await;
    for id in ["api", "apps:web"] {
        nomad.service_job(id, "app", "server", "docker", OLD);
    }
    nomad
}

/// What each job of a list is called, and the token that leads to the next page.
async fn page(nomad: &SimulatedNomad, query: &str) -> (Vec<String>, Option<String>) {
    let request = client().get(format!("{}/v1/jobs?{query}", nomad.url()));
    let response = request.send().await.unwrap();
    let token = response.headers().get("X-Nomad-NextToken").cloned();
    let stubs: Vec<Value> = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    let named = |stub: &Value| {
        let part = |name: &str| stub[name].as_str().unwrap().to_owned();
        format!("{}/{}", part("Namespace"), part("ID"))
    };
    let token = token.map(|token| token.to_str().unwrap().to_owned());
    (stubs.iter().map(named).collect(), token)
}

#[tokio::test]
async fn a_page_names_the_first_job_of_the_next_one() {
    let nomad = three_jobs().await;
    let (jobs, token) = page(&nomad, "namespace=*&per_page=2").await;
    assert_eq!(jobs, ["apps/web", "default/api"]);
    assert_eq!(token.as_deref(), Some("default.web"));
    let (jobs, token) = page(&nomad, "namespace=*&per_page=2&next_token=default.web").await;
    assert_eq!(jobs, ["default/web"]);
    assert_eq!(token, None);
}

#[tokio::test]
async fn a_list_whose_page_is_of_no_size_is_whole() {
    let nomad = three_jobs().await;
    for size in ["", "&per_page=0", "&per_page=many"] {
        let (jobs, token) = page(&nomad, &format!("namespace=*{size}")).await;
        assert_eq!((jobs.len(), token), (3, None), "{size}");
    }
}

#[tokio::test]
async fn a_namespace_that_may_not_be_listed_is_left_out_of_all_and_forbidden_by_its_name() {
    let nomad = three_jobs().await;
    nomad.configure(|settings| settings.without_list_jobs = vec!["default".to_owned()]);
    assert_eq!(page(&nomad, "namespace=*").await.0, ["apps/web"]);
    get(&nomad, "/v1/jobs")
        .await
        .refuses(403, "Permission denied");
    get(&nomad, "/v1/job/web").await.json();
}

#[tokio::test]
async fn a_job_that_may_be_listed_need_not_be_readable() {
    let nomad = three_jobs().await;
    nomad.configure(|settings| settings.without_read_job = vec!["default".to_owned()]);
    assert_eq!(page(&nomad, "namespace=*").await.0.len(), 3);
    get(&nomad, "/v1/job/web")
        .await
        .refuses(403, "Permission denied");
    get(&nomad, "/v1/job/web?namespace=apps").await.json();
}

#[tokio::test]
async fn a_job_of_the_list_is_without_its_groups_and_has_their_summary() {
    let nomad = running_web_with(|job| job["Meta"] = json!({"team": "shop"})).await;
    let stub = get(&nomad, "/v1/jobs").await.json()[0].clone();
    assert_eq!(stub["TaskGroups"], Value::Null);
    assert_eq!(stub["Meta"], Value::Null);
    assert_eq!(stub["JobSummary"]["Summary"]["app"]["Running"], 1);
    let with_meta = get(&nomad, "/v1/jobs?meta=true").await.json();
    assert_eq!(with_meta[0]["Meta"], json!({"team": "shop"}));
}
