use std::time::Duration;

use registrywatcher_simulator::{ALWAYS, Quota};

use super::*;

#[tokio::test]
async fn a_rate_limit_says_when_to_come_back() {
    let registry = SimulatedRegistry::start().await.unwrap();
    registry.fault(|faults| {
        faults.rate_limited = 1;
        faults.retry_after = Some("7".to_owned());
    });
    let limited = get(&registry, "/v2/").await;
    assert_eq!(limited.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(header(&limited, "retry-after"), "7");
    assert_eq!(get(&registry, "/v2/").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_pull_quota_counts_gets_and_not_heads() {
    let registry = SimulatedRegistry::start().await.unwrap();
    registry.publish("team/web", "v1");
    let window = Duration::from_hours(6);
    registry.configure(|settings| settings.quota = Some(Quota { limit: 2, window }));
    let manifest = "/v2/team/web/manifests/v1";
    for expected in ["2;w=21600", "2;w=21600"] {
        let answered = head(&registry, manifest).await;
        assert_eq!(header(&answered, "ratelimit-remaining"), expected);
    }
    for expected in ["1;w=21600", "0;w=21600"] {
        let answered = get(&registry, manifest).await;
        assert_eq!(header(&answered, "ratelimit-remaining"), expected);
    }
    let limited = get(&registry, manifest).await;
    assert_eq!(limited.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(limited.text().await.unwrap().contains("pull rate limit"));
    registry.refill_quota();
    assert_eq!(get(&registry, manifest).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn faults_last_until_recovery() {
    let registry = SimulatedRegistry::start().await.unwrap();
    registry.publish("team/web", "v1");
    let manifest = "/v2/team/web/manifests/v1";
    registry.fault(|faults| {
        faults.failing = ALWAYS;
        faults.failing_status = 502;
    });
    for _ in 0..3 {
        assert_eq!(
            get(&registry, manifest).await.status(),
            StatusCode::BAD_GATEWAY
        );
    }
    registry.recover();
    registry.fault(|faults| {
        faults.no_head = true;
        faults.no_digest_header = true;
    });
    assert_eq!(
        head(&registry, manifest).await.status(),
        StatusCode::METHOD_NOT_ALLOWED
    );
    let answered = get(&registry, manifest).await;
    assert_eq!(answered.status(), StatusCode::OK);
    assert!(!answered.headers().contains_key("docker-content-digest"));
}

#[tokio::test]
async fn a_truncated_body_is_an_error_for_the_client() {
    let registry = SimulatedRegistry::start().await.unwrap();
    registry.publish("team/web", "v1");
    registry.fault(|faults| faults.truncated_bodies = 1);
    let answered = get(&registry, "/v2/team/web/tags/list").await;
    assert_eq!(answered.status(), StatusCode::OK);
    assert!(answered.bytes().await.is_err());
    assert_eq!(list(&registry, "").await.0, ["v1"]);
}

#[tokio::test]
async fn a_slow_registry_outlasts_an_impatient_client() {
    let registry = SimulatedRegistry::start().await.unwrap();
    registry.fault(|faults| faults.delay = Some(Duration::from_mins(1)));
    let request = client().get(format!("{}/v2/", registry.url()));
    let failure = request
        .timeout(Duration::from_millis(50))
        .send()
        .await
        .unwrap_err();
    assert!(failure.is_timeout());
}

#[tokio::test]
async fn it_counts_requests_and_connections() {
    let registry = SimulatedRegistry::start().await.unwrap();
    registry.publish("team/web", "v1");
    get(&registry, "/v2/team/web/tags/list")
        .await
        .bytes()
        .await
        .unwrap();
    head(&registry, "/v2/team/web/manifests/v1").await;
    get(&registry, "/v2/team/web/manifests/v1")
        .await
        .bytes()
        .await
        .unwrap();
    let requests = registry.requests();
    assert_eq!(
        (
            requests.tag_lists,
            requests.manifest_heads,
            requests.manifest_gets
        ),
        (1, 1, 1)
    );
    assert_eq!(requests.total(), 3);
    assert!(requests.connections_peak >= 1);
}

#[tokio::test]
async fn it_comes_back_on_the_same_port_with_what_was_pushed() {
    let registry = SimulatedRegistry::start().await.unwrap();
    registry.publish("team/web", "v1");
    assert_eq!(list(&registry, "").await.0, ["v1"]);
    registry.stop().await;
    assert_eq!(registry.requests().connections_open, 0);
    let refused = client().get(format!("{}/v2/", registry.url())).send().await;
    assert!(refused.unwrap_err().is_connect());
    registry.restart().await.unwrap();
    assert_eq!(list(&registry, "").await.0, ["v1"]);
}
