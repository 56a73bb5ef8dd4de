//! What images say of themselves: protocol section A.8.

use std::collections::BTreeMap;

use registrywatcher::image::Digest;
use registrywatcher::ports::ImageMetadata;
use serde_json::{Value, json};

use crate::double::{Auth, OCI_CONFIG, OCI_INDEX, OCI_MANIFEST, descriptor, entry, index};
use crate::fixture::{Fixture, account, fixture};
use crate::server::{Reply, Server};

fn push(
    fixture: &Fixture,
    config_type: &str,
    config: &Value,
    annotations: &Value,
) -> (Digest, Vec<u8>) {
    let config = config.to_string().into_bytes();
    fixture.double.push_blob(&config);
    let manifest = json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST, "layers": [],
        "config": descriptor(config_type, &config), "annotations": annotations,
    });
    let body = manifest.to_string().into_bytes();
    (fixture.double.push_untagged(OCI_MANIFEST, &body), body)
}

/// An image of 2024 with a label.
fn image(fixture: &Fixture, annotations: &Value) -> (Digest, Vec<u8>) {
    let config =
        json!({"created": "2024-05-06T07:08:09.5Z", "config": {"Labels": {"team": "web"}}});
    push(fixture, OCI_CONFIG, &config, annotations)
}

fn labels(of: &[(&str, &str)]) -> BTreeMap<String, String> {
    of.iter()
        .map(|&(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn year(metadata: &ImageMetadata) -> Option<String> {
    metadata
        .created
        .map(|created| created.to_rfc3339()[..4].to_owned())
}

#[tokio::test]
async fn the_config_tells_when_an_image_was_built_and_its_labels() {
    let fixture = fixture().await;
    let (digest, _) = image(&fixture, &Value::Null);
    let metadata = fixture.metadata(&digest).await.unwrap();
    assert_eq!(
        metadata.created.unwrap().to_rfc3339(),
        "2024-05-06T07:08:09.500+00:00"
    );
    assert_eq!(metadata.labels, labels(&[("team", "web")]));
}

#[tokio::test]
async fn an_annotation_wins_over_the_config() {
    let fixture = fixture().await;
    let (digest, _) = image(
        &fixture,
        &json!({"org.opencontainers.image.created": "2025-01-01T00:00:00Z"}),
    );
    assert_eq!(
        year(&fixture.metadata(&digest).await.unwrap()).as_deref(),
        Some("2025")
    );
}

#[tokio::test]
async fn an_index_is_told_of_by_the_image_that_most_people_run() {
    let fixture = fixture().await;
    let old = json!({"created": "2020-01-01T00:00:00Z"});
    let (_, arm64) = push(&fixture, OCI_CONFIG, &old, &Value::Null);
    let (_, amd64) = image(&fixture, &Value::Null);
    let body = index(&[
        entry("unknown/unknown", b"{}"),
        entry("linux/arm64", &arm64),
        entry("linux/amd64", &amd64),
    ]);
    let digest = fixture.double.push_untagged(OCI_INDEX, &body);
    let metadata = fixture.metadata(&digest).await.unwrap();
    assert_eq!(year(&metadata).as_deref(), Some("2024"));
    assert_eq!(metadata.labels, labels(&[("team", "web")]));
}

#[tokio::test]
async fn the_beginning_of_time_is_no_date() {
    for created in [
        "1970-01-01T00:00:00Z",
        "0001-01-01T00:00:00Z",
        "yesterday",
        "",
    ] {
        let fixture = fixture().await;
        let (digest, _) = push(
            &fixture,
            OCI_CONFIG,
            &json!({"created": created}),
            &Value::Null,
        );
        assert_eq!(
            fixture.metadata(&digest).await.unwrap(),
            ImageMetadata::default(),
            "{created:?}"
        );
    }
}

#[tokio::test]
async fn what_is_no_image_has_its_annotations_and_its_config_is_not_read() {
    let fixture = fixture().await;
    let chart = "application/vnd.cncf.helm.config.v1+json";
    let (digest, _) = push(
        &fixture,
        chart,
        &json!("no object"),
        &json!({"title": "chart"}),
    );
    let metadata = fixture.metadata(&digest).await.unwrap();
    assert_eq!(
        metadata,
        ImageMetadata {
            created: None,
            labels: labels(&[("title", "chart")])
        }
    );
    assert_eq!(fixture.asked().len(), 1);
}

#[tokio::test]
async fn a_schema_1_manifest_tells_by_its_newest_layer() {
    let fixture = fixture().await;
    let layer = json!({"created": "2016-01-02T03:04:05Z"}).to_string();
    let body = json!({"schemaVersion": 1, "history": [{"v1Compatibility": layer}]}).to_string();
    let media_type = "application/vnd.docker.distribution.manifest.v1+json";
    let digest = fixture.double.push_untagged(media_type, body.as_bytes());
    assert_eq!(
        year(&fixture.metadata(&digest).await.unwrap()).as_deref(),
        Some("2016")
    );
}

#[tokio::test]
async fn a_config_in_other_storage_is_read_there_without_credentials() {
    let config =
        json!({"created": "2024-05-06T07:08:09.5Z", "config": {"Labels": {"team": "web"}}});
    let storage = Server::start(move |_| Reply::new(200, config.to_string())).await;
    let fixture = fixture().await;
    fixture.credentials.set(account("bot", "secret"));
    fixture.double.require(Auth::Basic("bot:secret"));
    let (digest, _) = image(&fixture, &Value::Null);
    let target = format!("http://{}/blob?signature=x", storage.host());
    fixture.double.script(move |request, _| {
        let is_blob =
            request.path().contains("/blobs/") && request.header("authorization").is_some();
        is_blob.then(|| Reply::new(307, "").with("Location", target.clone()))
    });
    assert_eq!(
        fixture.metadata(&digest).await.unwrap().labels,
        labels(&[("team", "web")])
    );
    assert_eq!(storage.take_requests()[0].header("authorization"), None);
}

#[tokio::test]
async fn a_config_that_is_another_than_the_manifest_names_is_refused() {
    let fixture = fixture().await;
    let (digest, _) = image(&fixture, &Value::Null);
    fixture.double.script(|request, _| {
        request
            .path()
            .contains("/blobs/")
            .then(|| Reply::new(200, "{}"))
    });
    fixture.metadata(&digest).await.unwrap_err();
}
