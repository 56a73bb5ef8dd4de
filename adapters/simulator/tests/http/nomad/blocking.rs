use std::time::{Duration, Instant};

use super::*;

#[tokio::test]
async fn a_query_blocks_until_something_newer_is_there() {
    let nomad = running_web().await;
    let seen = get(&nomad, "/v1/job/web").await.index;
    let path = format!("/v1/job/web?index={seen}&wait=10s");
    let waiting = get(&nomad, &path);
    let editing = async {
        tokio::task::yield_now().await;
        nomad.edit("web", |job| job["Priority"] = 70.into());
    };
    let (answer, ()) = tokio::join!(waiting, editing);
    assert!(answer.index > seen);
    assert_eq!(answer.json()["Priority"], 70);
}

#[tokio::test]
async fn a_query_without_news_returns_after_its_wait() {
    let nomad = running_web().await;
    let seen = get(&nomad, "/v1/job/web").await.index;
    let began = Instant::now();
    let answer = get(&nomad, &format!("/v1/job/web?index={seen}&wait=100ms")).await;
    assert!(began.elapsed() >= Duration::from_millis(100));
    assert_eq!(answer.index, seen);
    assert_eq!(answer.json()["ID"], "web");
}

#[tokio::test]
async fn a_query_without_an_index_or_with_an_old_one_does_not_block() {
    let nomad = running_web().await;
    for query in ["?wait=10s", "?index=0&wait=10s", "?index=1&wait=10s"] {
        let path = format!("{}/v1/job/web{query}", nomad.url());
        let request = client().get(path).timeout(Duration::from_secs(5));
        assert_eq!(
            request.send().await.unwrap().status(),
            StatusCode::OK,
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_job_that_does_not_exist_yet_can_be_waited_for() {
    let nomad = running_web().await;
    let missing = get(&nomad, "/v1/job/api").await;
    missing.refuses(404, "job not found");
    let path = format!("/v1/job/api?index={}&wait=10s", missing.index.max(1));
    let adding = async {
        tokio::task::yield_now().await;
        nomad.service_job("api", "app", "server", "docker", OLD);
    };
    let (answer, ()) = tokio::join!(get(&nomad, &path), adding);
    assert_eq!(answer.json()["ID"], "api");
}

#[tokio::test]
async fn indexes_go_backwards_when_a_snapshot_is_restored() {
    let nomad = running_web().await;
    let seen = get(&nomad, "/v1/job/web").await.index;
    let path = format!("/v1/job/web?index={seen}&wait=10s");
    let restoring = async {
        while nomad.calls() < 2 {
            tokio::task::yield_now().await;
        }
        nomad.restore_snapshot(seen - 2);
    };
    let (answer, ()) = tokio::join!(get(&nomad, &path), restoring);
    assert_eq!(answer.index, 2);
}

#[tokio::test]
async fn a_wait_that_is_no_duration_is_refused() {
    let nomad = running_web().await;
    get(&nomad, "/v1/job/web?index=1&wait=60")
        .await
        .refuses(400, "Invalid wait time");
    get(&nomad, "/v1/job/web?index=x")
        .await
        .refuses(400, "Invalid index");
}
