//! Digests of tags: protocol section A.6, traps G.2 to G.4 and G.15.

use futures::future::join_all;
use registrywatcher::image::Image;
use registrywatcher::ports::RegistryError;
use serde_json::json;

use crate::double::{OCI_INDEX, OCI_MANIFEST, digest_of, entry, index, manifest};
use crate::fixture::{WEB, fixture};
use crate::server::Reply;

const HEAD: &str = "HEAD /v2/team/web/manifests/v1";
const GET: &str = "GET /v2/team/web/manifests/v1";

#[tokio::test]
async fn every_request_for_a_manifest_accepts_the_same_in_one_line() {
    let fixture = fixture().await;
    let child = manifest(2);
    let digest = fixture.double.push(
        WEB,
        "v1",
        OCI_INDEX,
        &index(&[entry("linux/amd64", &child)]),
    );
    fixture.resolve("v1").await.unwrap();
    fixture.metadata(&digest).await.unwrap_err();
    let requests = fixture.double.server.take_requests();
    let accepted: Vec<_> = requests
        .iter()
        .map(|request| request.header("accept").unwrap())
        .collect();
    assert!(
        accepted.len() > 3 && accepted.iter().all(|accept| accept == &accepted[0]),
        "{accepted:?}"
    );
    for media_type in [
        OCI_INDEX,
        OCI_MANIFEST,
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    ] {
        assert!(accepted[0].contains(media_type), "{media_type}");
    }
    for request in requests {
        let lines = request
            .headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("accept"));
        assert_eq!(lines.count(), 1);
        assert_eq!(request.header("accept-encoding"), Some("identity"));
    }
}

#[tokio::test]
async fn a_digest_that_no_header_names_is_computed_from_what_is_served() {
    let fixture = fixture().await;
    fixture
        .double
        .script(|request, model| Some(model.serve(request).without("Docker-Content-Digest")));
    let expected = Some(Image::of_digest(digest_of(&manifest(1))));
    assert_eq!(fixture.resolve("v1").await.unwrap(), expected);
    assert_eq!(fixture.asked(), [HEAD, GET]);
    assert_eq!(
        fixture
            .resolve_known("v1", expected.as_ref())
            .await
            .unwrap(),
        expected
    );
}

#[tokio::test]
async fn a_digest_that_is_none_is_computed_too() {
    for nonsense in [
        "",
        "latest",
        "sha256:12",
        "d41d8cd98f00b204e9800998ecf8427e",
    ] {
        let fixture = fixture().await;
        fixture.double.script(move |request, model| {
            let reply = model.serve(request).without("Docker-Content-Digest");
            Some(reply.with("Docker-Content-Digest", nonsense))
        });
        let image = fixture.resolve("v1").await.unwrap().unwrap();
        assert_eq!(image.digest, digest_of(&manifest(1)), "{nonsense:?}");
    }
}

#[tokio::test]
async fn a_registry_without_head_is_read_by_get_from_then_on() {
    for status in [405, 501] {
        let fixture = fixture().await;
        fixture
            .double
            .script(move |request, _| (request.method == "HEAD").then(|| Reply::new(status, "")));
        let image = fixture.resolve("v1").await.unwrap();
        assert_eq!(image, Some(Image::of_digest(digest_of(&manifest(1)))));
        assert_eq!(fixture.asked(), [HEAD, GET], "{status}");
        fixture.resolve_known("v1", image.as_ref()).await.unwrap();
        assert_eq!(fixture.asked(), [GET], "{status}");
        assert_eq!(fixture.resolve("missing").await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_proxy_that_forbids_head_is_read_by_get() {
    let fixture = fixture().await;
    fixture
        .double
        .script(|request, _| (request.method == "HEAD").then(|| Reply::new(403, "")));
    assert!(fixture.resolve("v1").await.unwrap().is_some());

    fixture
        .double
        .script(|_, _| Some(Reply::error(403, "DENIED")));
    let error = fixture.resolve("v1").await.unwrap_err();
    assert!(
        matches!(error, RegistryError::Unauthorized { .. }),
        "{error}"
    );
    assert!(
        error.to_string().contains("DENIED"),
        "the words of the registry are told: {error}"
    );
}

#[tokio::test]
async fn a_wrong_header_does_not_win_over_what_is_served() {
    let fixture = fixture().await;
    let other = digest_of(b"other").to_string();
    fixture.double.script(move |request, model| {
        let reply = model.serve(request).without("Docker-Content-Digest");
        let is_get = request.method == "GET";
        Some(if is_get {
            reply.with("Docker-Content-Digest", other.clone())
        } else {
            reply
        })
    });
    let image = fixture.resolve("v1").await.unwrap().unwrap();
    assert_eq!(image.digest, digest_of(&manifest(1)));
}

#[tokio::test]
async fn what_is_served_under_a_digest_must_have_it() {
    let fixture = fixture().await;
    fixture.double.push(WEB, "v1", OCI_INDEX, &index(&[]));
    fixture.double.script(|request, model| {
        let mut reply = model.serve(request);
        if request.method == "GET" {
            reply.body.push(b' ');
        }
        Some(reply)
    });
    let error = fixture.resolve("v1").await.unwrap_err();
    assert!(matches!(error, RegistryError::Invalid { .. }), "{error}");
}

#[tokio::test]
async fn a_compressed_manifest_is_refused_because_its_digest_would_be_wrong() {
    let fixture = fixture().await;
    fixture.double.script(|request, model| {
        let reply = model.serve(request).without("Docker-Content-Digest");
        Some(if request.method == "GET" {
            reply.with("Content-Encoding", "gzip")
        } else {
            reply
        })
    });
    let error = fixture.resolve("v1").await.unwrap_err();
    assert!(matches!(error, RegistryError::Invalid { .. }), "{error}");
    assert!(error.to_string().contains("gzip"), "{error}");
}

#[tokio::test]
async fn a_registry_that_would_compress_is_still_asked_for_digests() {
    let fixture = fixture().await;
    fixture
        .double
        .script(|request, model| Some(model.serve(request).with("Content-Encoding", "gzip")));
    let image = fixture.resolve("v1").await.unwrap().unwrap();
    assert_eq!(image.digest, digest_of(&manifest(1)));
}

#[tokio::test]
async fn the_digest_of_a_signed_manifest_of_schema_1_is_the_registrys_word() {
    const SIGNED: &str = "application/vnd.docker.distribution.manifest.v1+prettyjws";
    let fixture = fixture().await;
    let payload_digest = digest_of(b"the payload without its signatures");
    let claimed = payload_digest.to_string();
    fixture.double.script(move |request, _| {
        let body = json!({"schemaVersion": 1, "signatures": [], "history": []}).to_string();
        let reply = Reply::new(200, body).with("Content-Type", SIGNED);
        Some(if request.method == "GET" {
            reply.with("Docker-Content-Digest", claimed.clone())
        } else {
            reply
        })
    });
    assert_eq!(
        fixture.resolve("v1").await.unwrap().unwrap().digest,
        payload_digest
    );
}

#[tokio::test]
async fn a_content_type_may_have_parameters_or_be_missing() {
    for content_type in [
        "application/vnd.oci.image.index.v1+json; charset=utf-8",
        "application/octet-stream",
        "",
    ] {
        let fixture = fixture().await;
        let child = manifest(2);
        fixture.double.push(
            WEB,
            "v1",
            OCI_INDEX,
            &index(&[entry("linux/amd64", &child)]),
        );
        fixture.double.script(move |request, model| {
            Some(
                model
                    .serve(request)
                    .without("Content-Type")
                    .with("Content-Type", content_type),
            )
        });
        let image = fixture.resolve("v1").await.unwrap().unwrap();
        assert_eq!(image.platforms().len(), 1, "{content_type:?}");
    }
}

#[tokio::test]
async fn a_manifest_that_is_one_thing_by_its_header_and_another_by_itself_is_refused() {
    let fixture = fixture().await;
    fixture.double.push(WEB, "v1", OCI_INDEX, &manifest(3));
    let error = fixture.resolve("v1").await.unwrap_err();
    assert!(matches!(error, RegistryError::Invalid { .. }), "{error}");
}

#[tokio::test]
async fn a_manifest_without_end_is_not_read() {
    let fixture = fixture().await;
    fixture.double.script(|request, model| {
        let reply = model.serve(request).without("Docker-Content-Digest");
        let is_get = request.method == "GET";
        Some(if is_get {
            Reply::new(200, vec![b' '; (8 << 20) + 1])
        } else {
            reply
        })
    });
    let error = fixture.resolve("v1").await.unwrap_err();
    assert!(error.to_string().contains("longer than"), "{error}");
}

#[tokio::test]
async fn a_large_manifest_is_read() {
    let fixture = fixture().await;
    let mut body = index(&[]);
    body.resize(5 << 20, b' ');
    let digest = fixture.double.push(WEB, "v1", OCI_INDEX, &body);
    assert_eq!(fixture.resolve("v1").await.unwrap().unwrap().digest, digest);
}

#[tokio::test]
async fn an_index_that_goes_while_it_is_read_is_no_missing_tag() {
    let fixture = fixture().await;
    fixture.double.push(WEB, "v1", OCI_INDEX, &index(&[]));
    fixture.double.script(|request, _| {
        (request.method == "GET").then(|| Reply::error(404, "MANIFEST_UNKNOWN"))
    });
    let error = fixture.resolve("v1").await.unwrap_err();
    assert!(error.is_transient(), "{error}");
}

#[tokio::test]
async fn a_failure_is_never_a_missing_tag() {
    join_all([400, 401, 403, 500, 502, 304].map(async |status| {
        let fixture = fixture().await;
        fixture
            .double
            .script(move |_, _| Some(Reply::new(status, "")));
        fixture.resolve("v1").await.unwrap_err();
    }))
    .await;
}
