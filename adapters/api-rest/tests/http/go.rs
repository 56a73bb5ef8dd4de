//! The six routes of the Go service, as its clients know them.

use poem::http::Method;
use registrywatcher_conformance::samples;
use registrywatcher_memory::RegistryFault;
use serde_json::json;

use super::house::House;

#[tokio::test]
async fn ping_is_answered_with_and_without_a_slash() {
    let house = House::new().await;
    for path in ["/ping", "/ping/"] {
        let answer = house.get(path).await;
        assert_eq!(
            (answer.status, answer.body),
            (200, json!({ "message": "pong" }))
        );
    }
}

#[tokio::test]
async fn repos_tells_of_a_tracked_watch() {
    let house = House::new().await;
    let answer = house.get("/repos").await;
    let expected = json!({ "web": {
        "auto_deploy": true,
        "pinned_tag": "",
        "pinned_tag_value": "v1.0.0",
        "tags": ["v1.0.0"],
    }});
    assert_eq!((answer.status, answer.body), (200, expected));
}

#[tokio::test]
async fn repos_tells_of_a_pinned_watch() {
    let house = House::new().await;
    house.push("v2.0.0", 2);
    house.turn().await;
    house
        .post(
            "/tags/web",
            json!({ "pinned_tag": "v1.0.0", "auto_deploy": false }),
        )
        .await;
    let answer = house.get("/repos").await;
    let expected = json!({ "web": {
        "auto_deploy": false,
        "pinned_tag": "v1.0.0",
        "pinned_tag_value": "v1.0.0",
        "tags": ["v1.0.0", "v2.0.0"],
    }});
    assert_eq!((answer.status, answer.body), (200, expected));
}

#[tokio::test]
async fn the_caches_are_told_by_watch() {
    let house = House::new().await;
    let answer = house.get("/debug/caches").await;
    let expected = json!({ "web": {
        "cached_tags": ["v1.0.0"],
        "cached_digest": samples::digest(1).as_str(),
    }});
    assert_eq!((answer.status, answer.body), (200, expected));
}

#[tokio::test]
async fn the_wanted_tag_of_a_watch_is_told() {
    let house = House::new().await;
    let answer = house.get("/tags/web").await;
    assert_eq!(
        (answer.status, answer.body),
        (200, json!({ "repo_tag": "v1.0.0" }))
    );
}

#[tokio::test]
async fn a_watch_that_wants_no_tag_is_400() {
    let house = House::with(super::house::Differences::default()).await;
    let answer = house.get("/tags/web").await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.message(),
        "what the registry has is not known: it was not asked yet"
    );
}

#[tokio::test]
async fn a_name_that_is_not_watched_is_400() {
    let house = House::new().await;
    let calls = [
        (Method::GET, "/tags/other"),
        (Method::POST, "/tags/other"),
        (Method::POST, "/tags/other/reset"),
        (Method::GET, "/tags/no%20name"),
    ];
    for (method, path) in calls {
        let call = house
            .call(method, path)
            .json(&json!({ "auto_deploy": true }));
        let answer = call.send().await;
        assert_eq!(answer.status, 400, "{path}");
        assert!(
            answer.message().starts_with("there is no watch `"),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn pinning_deploys_whatever_runs() {
    let house = House::new().await;
    let before = house.deployer.generation("web");
    let answer = house
        .post("/tags/web", json!({ "pinned_tag": "v1.0.0" }))
        .await;
    assert_eq!(
        (answer.status, answer.message()),
        (200, "Deploying to v1.0.0")
    );
    house.drive().await;
    assert_eq!(house.deployer.generation("web"), before + 1);
    house.assert_runs(1);
}

#[tokio::test]
async fn an_empty_pinned_tag_tracks_again() {
    let house = House::new().await;
    house
        .post("/tags/web", json!({ "pinned_tag": "v1.0.0" }))
        .await;
    house.drive().await;
    house.push("v1.1.0", 2);
    let answer = house.post("/tags/web", json!({ "pinned_tag": "" })).await;
    assert_eq!(answer.status, 200);
    house.drive().await;
    house.assert_runs(2);
    assert_eq!(house.get("/repos").await.body["web"]["pinned_tag"], "");
}

#[tokio::test]
async fn auto_deploy_alone_can_be_switched() {
    let house = House::new().await;
    let answer = house
        .post("/tags/web", json!({ "auto_deploy": false }))
        .await;
    assert_eq!(
        (answer.status, answer.message()),
        (200, "Auto deployment set to false")
    );
    assert_eq!(house.get("/repos").await.body["web"]["auto_deploy"], false);
}

#[tokio::test]
async fn a_body_without_either_field_is_400() {
    let house = House::new().await;
    for body in [json!({}), json!({ "other": 1 })] {
        let answer = house.post("/tags/web", body).await;
        assert_eq!(answer.status, 400);
        assert_eq!(
            answer.message(),
            "Either pinned_tag or auto_deploy must be specified."
        );
    }
}

#[tokio::test]
async fn a_field_of_the_wrong_type_is_400_and_changes_nothing() {
    let house = House::new().await;
    let before = house.get("/repos").await.body;
    let bodies = [
        json!({ "pinned_tag": 1.1 }),
        json!({ "pinned_tag": true }),
        json!({ "pinned_tag": ["v1.0.0"] }),
        json!({ "pinned_tag": "not a tag" }),
        json!({ "auto_deploy": "false" }),
        json!({ "auto_deploy": 0 }),
        json!([]),
        json!("v1.0.0"),
    ];
    for body in bodies {
        let answer = house.post("/tags/web", body.clone()).await;
        assert_eq!(answer.status, 400, "{body}");
        assert!(!answer.message().is_empty());
    }
    assert_eq!(house.get("/repos").await.body, before);
}

#[tokio::test]
async fn a_tag_that_the_registry_does_not_have_is_400() {
    let house = House::new().await;
    let answer = house
        .post("/tags/web", json!({ "pinned_tag": "v9.9.9" }))
        .await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.message(),
        "registry.example/acme/web has no tag `v9.9.9`"
    );
}

#[tokio::test]
async fn a_registry_that_cannot_be_asked_is_503_and_changes_nothing() {
    let house = House::new().await;
    house.registry.set_fault(Some(RegistryFault::Unavailable));
    let stored = || house.store.watch(&"web".parse().unwrap());
    let before = stored();
    let answer = house
        .post("/tags/web", json!({ "pinned_tag": "v1.0.0" }))
        .await;
    assert_eq!(answer.status, 503);
    assert!(
        answer.message().contains("nothing was changed"),
        "{answer:?}"
    );
    assert_eq!(
        house
            .call(Method::POST, "/tags/web/reset")
            .send()
            .await
            .status,
        503
    );
    assert_eq!(stored(), before);
}

#[tokio::test]
async fn a_reset_tracks_again_with_auto_deploy_on_and_deploys() {
    let house = House::new().await;
    house
        .post(
            "/tags/web",
            json!({ "pinned_tag": "v1.0.0", "auto_deploy": false }),
        )
        .await;
    house.drive().await;
    house.push("v1.1.0", 2);
    let answer = house.call(Method::POST, "/tags/web/reset").send().await;
    assert_eq!(
        (answer.status, answer.message()),
        (200, "Deploying to v1.1.0")
    );
    house.drive().await;
    house.assert_runs(2);
    let repo = &house.get("/repos").await.body["web"];
    assert_eq!(
        (&repo["auto_deploy"], &repo["pinned_tag"]),
        (&json!(true), &json!(""))
    );
}

#[tokio::test]
async fn what_deploys_is_409_while_deployments_are_frozen() {
    let house = House::new().await;
    let freeze = json!({ "until": "2999-01-01T00:00:00Z", "reason": "the audit" });
    assert_eq!(house.put("/api/v1/freeze", freeze).await.status, 200);
    let pin = json!({ "pinned_tag": "v1.0.0" });
    for (path, body) in [("/tags/web", pin), ("/tags/web/reset", json!({}))] {
        let answer = house.post(path, body).await;
        assert_eq!(answer.status, 409, "{path}");
        assert_eq!(
            answer.message(),
            "deployments are frozen until 2999-01-01 00:00:00Z, by anonymous: the audit"
        );
        assert_eq!(
            answer.header("retry-after"),
            "Tue, 01 Jan 2999 00:00:00 GMT"
        );
    }
    let switched = house
        .post("/tags/web", json!({ "auto_deploy": false }))
        .await;
    assert_eq!(switched.status, 200);
}

#[tokio::test]
async fn errors_of_the_framework_are_messages_here_too() {
    let house = House::new().await;
    let answer = house.call(Method::DELETE, "/tags/web").send().await;
    assert_eq!((answer.status, answer.header("allow")), (405, "GET, POST"));
    assert!(!answer.message().is_empty());
    assert_eq!(house.get("/tags/web/other/path").await.status, 404);
}
