use reqwest::{Method, header};

use super::*;

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

#[tokio::test]
async fn head_and_get_name_the_digest_of_the_body() {
    let registry = SimulatedRegistry::start().await.unwrap();
    let digest = registry.publish("team/web", "v1");
    let answered = head(&registry, "/v2/team/web/manifests/v1").await;
    assert_eq!(header(&answered, "docker-content-digest"), digest);
    assert_eq!(header(&answered, "content-type"), MANIFEST);
    assert_eq!(header(&answered, "etag"), format!("\"{digest}\""));
    let length: usize = header(&answered, "content-length").parse().unwrap();
    assert!(answered.bytes().await.unwrap().is_empty());

    let by_digest = get(&registry, &format!("/v2/team/web/manifests/{digest}")).await;
    assert_eq!(header(&by_digest, "docker-content-digest"), digest);
    let body = by_digest.bytes().await.unwrap();
    assert_eq!(body.len(), length);
    let manifest: Value = serde_json::from_slice(&body).unwrap();
    let config = manifest["config"]["digest"].as_str().unwrap();
    let config = json(get(&registry, &format!("/v2/team/web/blobs/{config}")).await).await;
    assert_eq!(config["architecture"], "amd64");
    assert_eq!(
        config["config"]["Labels"]["org.opencontainers.image.version"],
        "v1"
    );
}

#[tokio::test]
async fn an_unknown_tag_is_404_with_a_code_in_the_body_of_a_get() {
    let registry = SimulatedRegistry::start().await.unwrap();
    registry.publish("team/web", "v1");
    let answered = head(&registry, "/v2/team/web/manifests/v2").await;
    assert_eq!(answered.status(), StatusCode::NOT_FOUND);
    assert!(answered.bytes().await.unwrap().is_empty());
    let body = json(get(&registry, "/v2/team/web/manifests/v2").await).await;
    assert_eq!(body["errors"][0]["code"], "MANIFEST_UNKNOWN");
}

#[tokio::test]
async fn an_etag_that_still_holds_is_304() {
    let registry = SimulatedRegistry::start().await.unwrap();
    let digest = registry.publish("team/web", "v1");
    let url = format!("{}/v2/team/web/manifests/v1", registry.url());
    for method in [Method::GET, Method::HEAD] {
        let ask = |etag: String| {
            let request = client().request(method.clone(), &url);
            request.header(header::IF_NONE_MATCH, etag).send()
        };
        let unchanged = ask(format!("\"{digest}\"")).await.unwrap();
        assert_eq!(unchanged.status(), StatusCode::NOT_MODIFIED);
        let changed = ask("\"sha256:0\"".to_owned()).await.unwrap();
        assert_eq!(changed.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn an_index_lists_its_platforms_and_needs_a_matching_accept() {
    let registry = SimulatedRegistry::start().await.unwrap();
    let platforms = ["linux/amd64", "linux/arm/v7"];
    let digest = registry.publish_index("team/web", "v1", &platforms, true);
    let url = format!("{}/v2/team/web/manifests/v1", registry.url());
    let ask = |accept: &str| client().get(&url).header(header::ACCEPT, accept).send();

    let refused = ask(MANIFEST).await.unwrap();
    assert_eq!(refused.status(), StatusCode::NOT_FOUND);
    let answered = ask(&format!("{MANIFEST}, {INDEX};q=0.5")).await.unwrap();
    assert_eq!(header(&answered, "docker-content-digest"), digest);
    let index = json(answered).await;
    let entries = index["manifests"].as_array().unwrap();
    assert_eq!(entries.len(), 3);
    assert_eq!(entries[1]["platform"]["variant"], "v7");
    assert_eq!(entries[2]["platform"]["os"], "unknown");

    let child = registry
        .platform_digest("team/web", "v1", "linux/arm/v7")
        .unwrap();
    let child = head(&registry, &format!("/v2/team/web/manifests/{child}")).await;
    assert_eq!(child.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_repush_changes_the_images_and_a_new_signature_only_the_index() {
    let registry = SimulatedRegistry::start().await.unwrap();
    let first = registry.publish_index("team/web", "v1", &["linux/amd64"], true);
    let image = registry.platform_digest("team/web", "v1", "linux/amd64");
    let signed = registry.resign("team/web", "v1").unwrap();
    assert_ne!(signed, first);
    assert_eq!(
        registry.platform_digest("team/web", "v1", "linux/amd64"),
        image
    );
    let pushed = registry.repush("team/web", "v1");
    assert_ne!(pushed, signed);
    assert_ne!(
        registry.platform_digest("team/web", "v1", "linux/amd64"),
        image
    );
    assert_eq!(registry.tags("team/web"), ["v1"]);
}

#[tokio::test]
async fn a_flapping_tag_alternates_until_it_settles() {
    let registry = SimulatedRegistry::start().await.unwrap();
    let one = registry.publish("team/web", "v1");
    let other = registry.flap("team/web", "v1");
    let mut seen = Vec::new();
    for _ in 0..3 {
        let answered = head(&registry, "/v2/team/web/manifests/v1").await;
        seen.push(header(&answered, "docker-content-digest"));
    }
    assert_eq!(seen, [one.clone(), other.clone(), one]);
    registry.settle("team/web", "v1");
    assert_eq!(registry.digest("team/web", "v1"), Some(other));
}
