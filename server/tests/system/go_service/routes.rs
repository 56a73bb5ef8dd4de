use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{GoSite, NAME};
use crate::databases::{Database, on_both_databases};
use crate::service::Service;

on_both_databases!(
    the_six_routes_answer_as_the_go_service_did,
    the_routes_refuse_what_the_go_service_refused,
);

async fn answers(service: &Service, path: &str, expected: Value) {
    assert_eq!(
        service.get(path).await,
        (StatusCode::OK, expected),
        "{path}"
    );
}

async fn the_six_routes_answer_as_the_go_service_did(database: Database) {
    let Some(site) = GoSite::open(database).await else {
        return;
    };
    let old = site.push("v0.9.0");
    let service = site.serve().await;
    let current = service.decides(NAME, "up_to_date").await["wanted"]["digest"].clone();

    let pong = json!({ "message": "pong" });
    answers(&service, "/ping", pong.clone()).await;
    answers(&service, "/ping/", pong).await;
    let tags = json!(["v0.9.0", "v1.0.0"]);
    let repos = json!({ NAME: {
        "auto_deploy": true, "pinned_tag": "", "pinned_tag_value": "v1.0.0", "tags": tags,
    }});
    answers(&service, "/repos", repos).await;
    answers(
        &service,
        "/tags/registrywatcher",
        json!({ "repo_tag": "v1.0.0" }),
    )
    .await;
    let caches = json!({ NAME: { "cached_tags": tags, "cached_digest": current } });
    answers(&service, "/debug/caches", caches).await;

    let pin = json!({ "pinned_tag": "v0.9.0", "auto_deploy": false });
    let pinned = service.post("/tags/registrywatcher", pin).await;
    let message = json!({ "message": "Deploying to v0.9.0" });
    assert_eq!(pinned, (StatusCode::OK, message));
    site.runs(&old).await;
    let repos = json!({ NAME: {
        "auto_deploy": false, "pinned_tag": "v0.9.0", "pinned_tag_value": "v0.9.0", "tags": tags,
    }});
    answers(&service, "/repos", repos).await;

    let reset = service.post("/tags/registrywatcher/reset", json!({})).await;
    let message = json!({ "message": "Deploying to v1.0.0" });
    assert_eq!(reset, (StatusCode::OK, message));
    service.newest_deployment(NAME, "v1.0.0", "succeeded").await;
}

async fn the_routes_refuse_what_the_go_service_refused(database: Database) {
    let Some(site) = GoSite::open(database).await else {
        return;
    };
    let service = site.serve().await;
    let refused = [
        ("/tags/registrywatcher", json!({})),
        ("/tags/registrywatcher", json!({ "pinned_tag": 5 })),
        ("/tags/registrywatcher", json!({ "auto_deploy": "off" })),
        ("/tags/registrywatcher", json!({ "pinned_tag": "v7.7.7" })),
        ("/tags/stranger", json!({ "pinned_tag": "v1.0.0" })),
        ("/tags/stranger/reset", json!({})),
    ];
    for (path, body) in refused {
        let (status, answer) = service.post(path, body.clone()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path} {body}");
        assert!(answer["message"].is_string(), "{answer}");
    }
    let (status, answer) = service.get("/tags/stranger").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(answer["message"].is_string(), "{answer}");
    assert_eq!(site.nomad.registrations(), 0);

    let service = service.with_token("a token of nobody");
    let guarded = [
        (Method::GET, "/repos"),
        (Method::GET, "/tags/registrywatcher"),
        (Method::POST, "/tags/registrywatcher"),
        (Method::POST, "/tags/registrywatcher/reset"),
        (Method::GET, "/debug/caches"),
        (Method::GET, "/api/v1/watches"),
    ];
    for (method, path) in guarded {
        let body = (method == Method::POST).then(|| json!({ "auto_deploy": false }));
        let (status, _) = service.call(method, path, body).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{path}");
    }
    assert_eq!(service.get("/ping").await.0, StatusCode::OK);
}
