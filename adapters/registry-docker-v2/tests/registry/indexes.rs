//! Platforms of an index: protocol section A.7, trap G.16.

use registrywatcher::image::{Digest, PlatformManifest};
use registrywatcher::ports::RegistryError;
use serde_json::{Value, json};

use crate::double::{OCI_INDEX, OCI_MANIFEST, descriptor, entry, index, manifest};
use crate::fixture::{Fixture, WEB, fixture};

/// Pushes manifest `n`, and says how an index lists it and what the port makes of it.
fn push(fixture: &Fixture, platform: &str, n: usize) -> (Value, PlatformManifest) {
    let body = manifest(n);
    let digest = fixture.double.push_untagged(OCI_MANIFEST, &body);
    (
        entry(platform, &body),
        PlatformManifest {
            platform: platform.parse().ok(),
            digest,
        },
    )
}

/// Pushes an index that holds only the index `inner`.
fn wrap(fixture: &Fixture, inner: &[u8]) -> Vec<u8> {
    fixture.double.push_untagged(OCI_INDEX, inner);
    index(&[descriptor(OCI_INDEX, inner)])
}

#[tokio::test]
async fn attestations_are_no_platforms_however_they_are_marked() {
    let fixture = fixture().await;
    let (amd64, expected) = push(&fixture, "linux/amd64", 1);
    let (unknown, _) = push(&fixture, "unknown/unknown", 2);
    let (mut annotated, _) = push(&fixture, "linux/amd64", 3);
    annotated["annotations"] = json!({"vnd.docker.reference.type": "attestation-manifest"});
    fixture
        .double
        .push(WEB, "v1", OCI_INDEX, &index(&[unknown, amd64, annotated]));
    assert_eq!(
        fixture.resolve("v1").await.unwrap().unwrap().platforms(),
        [expected]
    );
}

#[tokio::test]
async fn an_entry_without_a_platform_is_kept_without_one() {
    let fixture = fixture().await;
    let body = manifest(1);
    let digest: Digest = fixture.double.push_untagged(OCI_MANIFEST, &body);
    fixture.double.push(
        WEB,
        "v1",
        OCI_INDEX,
        &index(&[descriptor(OCI_MANIFEST, &body)]),
    );
    let image = fixture.resolve("v1").await.unwrap().unwrap();
    assert_eq!(
        image.platforms(),
        [PlatformManifest {
            platform: None,
            digest
        }]
    );
}

#[tokio::test]
async fn spellings_of_a_platform_are_normalised() {
    let fixture = fixture().await;
    let (mut arm, _) = push(&fixture, "linux/aarch64", 1);
    arm["platform"]["variant"] = json!("v8");
    fixture.double.push(WEB, "v1", OCI_INDEX, &index(&[arm]));
    let image = fixture.resolve("v1").await.unwrap().unwrap();
    assert_eq!(image.platforms()[0].platform, "linux/arm64".parse().ok());
}

#[tokio::test]
async fn indexes_inside_an_index_are_read_to_a_depth_of_three() {
    let fixture = fixture().await;
    let (amd64, expected) = push(&fixture, "linux/amd64", 1);
    let second = wrap(&fixture, &index(&[amd64]));
    let third = wrap(&fixture, &second);
    fixture.double.push(WEB, "v1", OCI_INDEX, &third);
    assert_eq!(
        fixture.resolve("v1").await.unwrap().unwrap().platforms(),
        [expected]
    );

    let fourth = wrap(&fixture, &third);
    fixture.double.push(WEB, "v1", OCI_INDEX, &fourth);
    let error = fixture.resolve("v1").await.unwrap_err();
    assert!(matches!(error, RegistryError::Invalid { .. }), "{error}");
}

#[tokio::test]
async fn an_index_inside_an_index_that_a_mirror_left_out_is_passed_over() {
    let fixture = fixture().await;
    let (amd64, expected) = push(&fixture, "linux/amd64", 1);
    let missing = descriptor(OCI_INDEX, b"never pushed");
    fixture
        .double
        .push(WEB, "v1", OCI_INDEX, &index(&[missing, amd64]));
    assert_eq!(
        fixture.resolve("v1").await.unwrap().unwrap().platforms(),
        [expected]
    );
}
