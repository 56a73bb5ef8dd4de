use super::*;

/// The registration of `web` as it is, with something about the request changed.
async fn registration(nomad: &SimulatedNomad, change: impl FnOnce(&mut Value)) -> Answer {
    let job = get(nomad, "/v1/job/web").await.json();
    let mut body = json!({"Job": job});
    change(&mut body);
    post(nomad, "/v1/jobs", body).await
}

#[tokio::test]
async fn an_index_that_was_overtaken_is_a_conflict() {
    let nomad = running_web().await;
    let current = nomad.job("web").unwrap()["JobModifyIndex"]
        .as_u64()
        .unwrap();
    let enforcing = |index: u64| {
        move |body: &mut Value| {
            body["EnforceIndex"] = true.into();
            body["JobModifyIndex"] = index.into();
        }
    };
    let stale = current - 1;
    registration(&nomad, enforcing(stale)).await.refuses(
        500,
        &format!(
            "Enforcing job modify index {stale}: job exists with conflicting job modify index: {current}"
        ),
    );
    let absent = "Enforcing job modify index 0: job already exists";
    registration(&nomad, enforcing(0))
        .await
        .refuses(500, absent);
    registration(&nomad, enforcing(current)).await.json();

    nomad.purge_job("web");
    let mut job = json!({"ID": "web", "TaskGroups": [{"Name": "app"}]});
    job["Type"] = "service".into();
    let body = json!({"Job": job, "EnforceIndex": true, "JobModifyIndex": 7});
    let gone = "Enforcing job modify index 7: job does not exist";
    post(&nomad, "/v1/jobs", body).await.refuses(500, gone);
}

#[tokio::test]
async fn somebody_else_can_be_faster() {
    let nomad = running_web().await;
    nomad.edit_before_next_register("web", |job| job["Priority"] = 70.into());
    let mut job = get(&nomad, "/v1/job/web").await.json();
    let index = job["JobModifyIndex"].clone();
    set_image(&mut job, NEW);
    let body = json!({"Job": job, "EnforceIndex": true, "JobModifyIndex": index});
    let conflict = post(&nomad, "/v1/jobs", body).await;
    assert_eq!(conflict.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(
        conflict.text.starts_with("Enforcing job modify index"),
        "{}",
        conflict.text
    );
    deploy(&nomad, NEW).await;
    let job = nomad.job("web").unwrap();
    assert_eq!((&job["Priority"], &job["Version"]), (&json!(70), &json!(2)));
}

#[tokio::test]
async fn nothing_new_makes_an_evaluation_and_no_version() {
    let nomad = running_web().await;
    let before = nomad.job("web").unwrap();
    assert_ne!(before["ModifyIndex"], before["JobModifyIndex"]);
    let answer = registration(&nomad, |_| {}).await.json();
    assert_eq!(answer["JobModifyIndex"], before["ModifyIndex"]);
    let id = answer["EvalID"].as_str().unwrap();
    until(&nomad, &format!("/v1/evaluation/{id}"), |evaluation| {
        evaluation["Status"] == "complete"
    })
    .await;
    assert_eq!(nomad.versions("web").len(), 1);
    assert_eq!(nomad.deployments("web").len(), 1);
    assert_eq!(nomad.registrations(), 1);
}

#[tokio::test]
async fn counts_are_preserved_when_that_is_asked_for() {
    let nomad = running_web().await;
    nomad.scale("web", "app", 4);
    for (preserve, expected) in [(true, 4), (false, 1)] {
        let answer = registration(&nomad, |body| {
            body["Job"]["TaskGroups"][0]["Count"] = 1.into();
            body["PreserveCounts"] = preserve.into();
        })
        .await;
        answer.json();
        assert_eq!(
            nomad.job("web").unwrap()["TaskGroups"][0]["Count"],
            expected
        );
    }
}

#[tokio::test]
async fn members_that_are_not_known_are_kept_unless_the_server_is_too_old() {
    let nomad = running_web().await;
    registration(&nomad, |body| body["Job"]["Future"] = json!({"a": 1}))
        .await
        .json();
    assert_eq!(nomad.job("web").unwrap()["Future"], json!({"a": 1}));
    nomad.configure(|settings| settings.unknown_job_members = vec!["Future".to_owned()]);
    registration(&nomad, |_| {}).await.json();
    assert!(nomad.job("web").unwrap().get("Future").is_none());
}

#[tokio::test]
async fn tokens_in_a_job_are_never_read_back() {
    let nomad = running_web().await;
    registration(&nomad, |body| body["Job"]["VaultToken"] = "secret".into())
        .await
        .json();
    assert_eq!(nomad.job("web").unwrap()["VaultToken"], "");
}

#[tokio::test]
async fn a_job_without_an_update_block_gets_the_default_one() {
    let nomad = SimulatedNomad::start().await.unwrap();
    let group = json!({"Name": "app", "Tasks": [{"Name": "server", "Driver": "docker"}]});
    let body = json!({"Job": {"ID": "web", "TaskGroups": [group]}});
    post(&nomad, "/v1/job/web", body).await.json();
    let job = nomad.job("web").unwrap();
    assert_eq!(job["Type"], "service");
    let group = &job["TaskGroups"][0];
    assert_eq!(group["Count"], 1);
    assert_eq!(group["Update"]["MaxParallel"], 1);
    assert_eq!(group["Update"]["ProgressDeadline"], 600_000_000_000_u64);
    assert_eq!(ended_deployment(&nomad, 0).await["Status"], "successful");
}

#[tokio::test]
async fn periodic_and_parameterized_jobs_are_launched_later() {
    for property in ["Periodic", "ParameterizedJob"] {
        let nomad = running_web_with(|job| {
            job["Type"] = "batch".into();
            job[property] = json!({"Enabled": true});
        })
        .await;
        let answer = deploy(&nomad, NEW).await;
        assert_eq!(answer["EvalID"], "", "{property}");
        assert_eq!(nomad.running_image("web", "app", "server"), None);
        assert_eq!(
            nomad.job_image("web", "app", "server").as_deref(),
            Some(NEW)
        );
    }
}

#[tokio::test]
async fn a_job_cannot_become_another_kind_of_job() {
    let nomad = running_web().await;
    let typed = registration(&nomad, |body| body["Job"]["Type"] = "batch".into()).await;
    typed.refuses(500, "cannot update job from type \"service\" to \"batch\"");
    let periodic = registration(&nomad, |body| body["Job"]["Periodic"] = json!({})).await;
    periodic.refuses(500, "cannot update non-periodic job to being periodic");
}

#[tokio::test]
async fn bad_requests_are_told_apart_from_refusals() {
    let nomad = running_web().await;
    let register = async |path: &str, body: Value| post(&nomad, path, body).await;
    register("/v1/jobs", json!({}))
        .await
        .refuses(400, "Job must be specified");
    let unnamed = register("/v1/jobs", json!({"Job": {}})).await;
    unnamed.refuses(400, "Job ID hasn't been provided");
    let other = register("/v1/job/web", json!({"Job": {"ID": "api"}})).await;
    other.refuses(400, "Job ID does not match name");
    let empty = register("/v1/jobs", json!({"Job": {"ID": "api"}})).await;
    empty.refuses(500, "1 error occurred:\n\t* Missing job task groups\n\n");
    let method = call(&nomad, Method::POST, "/v1/job/web/versions", None).await;
    method.refuses(405, "Invalid method");
}

#[tokio::test]
async fn an_id_with_a_slash_is_one_segment() {
    let nomad = SimulatedNomad::start().await.unwrap();
    nomad.service_job("team/web", "app", "server", "docker", OLD);
    let mut job = get(&nomad, "/v1/job/team%2Fweb").await.json();
    assert_eq!(job["ID"], "team/web");
    set_image(&mut job, NEW);
    post(&nomad, "/v1/job/team%2Fweb", json!({"Job": job}))
        .await
        .json();
    let versions = get(&nomad, "/v1/job/team%2Fweb/versions").await.json();
    let versions = versions["Versions"].as_array().unwrap();
    assert_eq!((versions.len(), &versions[0]["Version"]), (2, &json!(1)));
}

#[tokio::test]
async fn a_job_is_found_in_its_own_namespace_only() {
    let nomad = SimulatedNomad::start().await.unwrap();
    nomad.service_job("team:web", "app", "server", "docker", OLD);
    get(&nomad, "/v1/job/web")
        .await
        .refuses(404, "job not found");
    let mut job = get(&nomad, "/v1/job/web?namespace=team").await.json();
    assert_eq!(job["Namespace"], "team");
    set_image(&mut job, NEW);
    post(&nomad, "/v1/jobs", json!({"Job": job})).await.json();
    assert_eq!(nomad.versions("team:web").len(), 2);

    let all = get(&nomad, "/v1/jobs?namespace=*&prefix=we").await.json();
    assert_eq!(
        (&all[0]["ID"], &all[0]["Namespace"]),
        (&json!("web"), &json!("team"))
    );
    assert_eq!(get(&nomad, "/v1/jobs").await.json(), json!([]));
    let elsewhere = post(
        &nomad,
        "/v1/jobs?namespace=none",
        json!({"Job": {"ID": "web"}}),
    )
    .await;
    elsewhere.refuses(500, "nonexistent namespace \"none\"");
}

#[tokio::test]
async fn an_outside_edit_makes_a_version_without_our_meta() {
    let nomad = running_web().await;
    registration(&nomad, |body| {
        body["Job"]["TaskGroups"][0]["Tasks"][0]["Meta"] =
            json!({"registrywatcher_deployment": "1", "team": "a"});
    })
    .await
    .json();
    let version = nomad.edit("web", |job| set_image(job, NEW));
    assert_eq!(version, Some(2));
    let job = nomad.job("web").unwrap();
    assert_eq!(
        job["TaskGroups"][0]["Tasks"][0]["Meta"],
        json!({"team": "a"})
    );
    assert_eq!(nomad.registrations(), 1);
    assert_eq!(nomad.edit("nothing", |_| {}), None);
}
