//! The suite of the Registry port.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use registrywatcher::image::{Digest, Image, PlatformManifest, Repository, Tag};
use registrywatcher::ports::{Registry, RegistryError};

use crate::samples::{digest, tag};

/// A fresh registry, and what others do to it.
#[async_trait]
pub trait RegistryHarness: Send + Sync {
    /// The adapter under test.
    fn registry(&self) -> &dyn Registry;

    /// A repository that exists; [`publish`](Self::publish) and the other moves are on it.
    fn repository(&self) -> &Repository;

    /// A repository of the same registry that exists and has no tags.
    fn empty_repository(&self) -> &Repository;

    /// A repository of the same registry that does not exist.
    fn unknown_repository(&self) -> &Repository;

    /// Pushes a manifest that was not pushed before under `tag`, and says under which digest it is served.
    async fn publish(&self, tag: &Tag) -> Digest;

    /// Pushes an index of several platforms and one attestation under `tag`, and says what it should resolve to.
    async fn publish_index(&self, tag: &Tag) -> Image;

    /// Deletes `tag`.
    async fn remove(&self, tag: &Tag);

    /// How many tags fit on one page of a listing.
    fn tags_per_page(&self) -> usize {
        10
    }

    /// Makes the last page of each listing fail; `false` where this registry cannot be brought to that.
    async fn lose_a_page(&self) -> bool;

    /// Makes the registry ask for a wait of `retry_after`; `false` where it never does.
    async fn rate_limit(&self, retry_after: Duration) -> bool;

    /// Makes the registry unreachable.
    async fn break_down(&self);
}

/// Tells that a part of a clause was not checked; silence would look like success.
fn not_checked(part: &str) {
    eprintln!("not checked, this registry cannot be brought to it: {part}");
}

async fn listed(harness: &impl RegistryHarness) -> Vec<String> {
    let tags = harness
        .registry()
        .tags(harness.repository())
        .await
        .expect("the repository exists");
    tags.iter().map(str::to_owned).collect()
}

async fn resolved(
    harness: &impl RegistryHarness,
    tag: &Tag,
    known: Option<&Image>,
) -> Option<Image> {
    let resolved = harness
        .registry()
        .resolve(harness.repository(), tag, known)
        .await;
    resolved.expect("the registry is well")
}

/// A listing is complete or an error; no page is left out.
pub async fn a_listing_is_complete_or_an_error(harness: impl RegistryHarness) {
    let mut expected = BTreeSet::new();
    for n in 0..=2 * harness.tags_per_page() {
        let name = format!("v1.{n}");
        harness.publish(&tag(&name)).await;
        expected.insert(name);
    }
    assert_eq!(
        listed(&harness).await,
        expected.into_iter().collect::<Vec<_>>()
    );

    if harness.lose_a_page().await {
        let error = harness
            .registry()
            .tags(harness.repository())
            .await
            .unwrap_err();
        assert!(error.is_transient(), "a lost page passes, got: {error}");
    } else {
        not_checked("a page that is lost");
    }
}

/// A repository without tags lists none; an unknown repository is [`RegistryError::NotFound`].
pub async fn a_repository_without_tags_lists_none_and_an_unknown_one_is_not_found(
    harness: impl RegistryHarness,
) {
    let empty = harness
        .registry()
        .tags(harness.empty_repository())
        .await
        .expect("it exists");
    assert!(empty.is_empty(), "{empty:?}");

    let error = harness
        .registry()
        .tags(harness.unknown_repository())
        .await
        .unwrap_err();
    let RegistryError::NotFound { repository } = error else {
        panic!("{error}")
    };
    assert_eq!(&repository, harness.unknown_repository());
}

/// An unchanged listing is the same `Arc` as before, so that a caller can tell by its address.
pub async fn an_unchanged_listing_is_the_same_as_before(harness: impl RegistryHarness) {
    harness.publish(&tag("v1")).await;
    let registry = harness.registry();
    let first = registry
        .tags(harness.repository())
        .await
        .expect("the repository exists");
    let second = registry
        .tags(harness.repository())
        .await
        .expect("the repository exists");
    assert!(
        Arc::ptr_eq(&first, &second),
        "nothing changed between the two"
    );

    harness.publish(&tag("v2")).await;
    let third = registry
        .tags(harness.repository())
        .await
        .expect("the repository exists");
    assert_eq!(third.iter().collect::<Vec<_>>(), ["v1", "v2"]);
}

/// A tag resolves to the digest under which the registry serves its manifest.
pub async fn a_tag_resolves_to_the_digest_of_its_manifest(harness: impl RegistryHarness) {
    let latest = tag("latest");
    let pushed = harness.publish(&latest).await;
    assert_eq!(
        resolved(&harness, &latest, None).await,
        Some(Image::of_digest(pushed.clone()))
    );

    let pushed_again = harness.publish(&latest).await;
    assert_ne!(
        pushed, pushed_again,
        "the harness pushes another manifest each time"
    );
    assert_eq!(
        resolved(&harness, &latest, None).await,
        Some(Image::of_digest(pushed_again))
    );
}

/// An index resolves to its own digest and those of its platforms, without attestations.
pub async fn an_index_resolves_to_its_own_digest_and_those_of_its_platforms(
    harness: impl RegistryHarness,
) {
    let expected = harness.publish_index(&tag("v1")).await;
    assert!(
        expected.platforms().len() > 1,
        "the harness pushes several platforms"
    );
    assert_eq!(resolved(&harness, &tag("v1"), None).await, Some(expected));
}

/// A tag that does not exist is `Ok(None)`, never an error.
pub async fn a_tag_that_does_not_exist_is_none(harness: impl RegistryHarness) {
    harness.publish(&tag("v1")).await;
    let pushed = harness.publish(&tag("v2")).await;
    assert_eq!(resolved(&harness, &tag("v3"), None).await, None);

    harness.remove(&tag("v2")).await;
    let known = Image::of_digest(pushed);
    assert_eq!(
        resolved(&harness, &tag("v2"), Some(&known)).await,
        None,
        "a tag that is gone"
    );
    assert_eq!(listed(&harness).await, ["v1"]);
}

/// `known` is given back while the tag still points to it.
pub async fn what_is_known_is_given_back_while_the_tag_points_to_it(harness: impl RegistryHarness) {
    let pushed = harness.publish(&tag("v1")).await;
    // What no registry says can only come from `known`.
    let remembered = PlatformManifest {
        platform: "plan9/mips".parse().ok(),
        digest: digest(9),
    };
    let known = Image::of_index(pushed, vec![remembered]);
    assert_eq!(
        resolved(&harness, &tag("v1"), Some(&known)).await,
        Some(known.clone())
    );

    let moved = harness.publish_index(&tag("v1")).await;
    assert_eq!(
        resolved(&harness, &tag("v1"), Some(&known)).await,
        Some(moved)
    );
}

/// A registry that asks to wait is [`RegistryError::RateLimited`], with how long.
pub async fn a_registry_that_asks_to_wait_is_rate_limited(harness: impl RegistryHarness) {
    harness.publish(&tag("v1")).await;
    let wait = Duration::from_secs(30);
    if !harness.rate_limit(wait).await {
        return not_checked("a wait");
    }
    for error in errors(&harness).await {
        assert!(
            matches!(error, RegistryError::RateLimited { .. }),
            "{error}"
        );
        let told = error.retry_after().expect("a rate limit says how long");
        assert!(
            told <= wait && told > wait / 2,
            "asked for {wait:?}, told {told:?}"
        );
    }
}

/// A registry that is down is [`RegistryError::Unavailable`].
pub async fn a_registry_that_is_down_is_unavailable(harness: impl RegistryHarness) {
    harness.publish(&tag("v1")).await;
    harness.break_down().await;
    for error in errors(&harness).await {
        assert!(
            matches!(error, RegistryError::Unavailable { .. }),
            "{error}"
        );
        assert_eq!((error.is_transient(), error.retry_after()), (true, None));
    }
}

/// What a listing and a resolution fail with.
async fn errors(harness: &impl RegistryHarness) -> [RegistryError; 2] {
    let registry = harness.registry();
    [
        registry
            .tags(harness.repository())
            .await
            .expect_err("the listing should fail"),
        registry
            .resolve(harness.repository(), &tag("v1"), None)
            .await
            .expect_err("the resolution should fail"),
    ]
}

/// One test per clause of the Registry port's contract.
///
/// `registry_suite!(harness)` takes an `async fn() -> impl RegistryHarness`; `registry_suite!(harness, where installed)`
/// one that gives `Option<impl RegistryHarness>`, `None` where the backend is not there, which it has told.
#[macro_export]
macro_rules! registry_suite {
    (@clauses $harness:expr, $run:ident) => {
        $crate::registry_suite!(@tests $harness, $run,
            a_listing_is_complete_or_an_error,
            a_repository_without_tags_lists_none_and_an_unknown_one_is_not_found,
            an_unchanged_listing_is_the_same_as_before,
            a_tag_resolves_to_the_digest_of_its_manifest,
            an_index_resolves_to_its_own_digest_and_those_of_its_platforms,
            a_tag_that_does_not_exist_is_none,
            what_is_known_is_given_back_while_the_tag_points_to_it,
            a_registry_that_asks_to_wait_is_rate_limited,
            a_registry_that_is_down_is_unavailable,
        );
    };
    (@tests $harness:expr, $run:ident, $($clause:ident),+ $(,)?) => {$(
        #[tokio::test]
        async fn $clause() {
            $crate::registry_suite!(@$run $harness, $clause);
        }
    )+};
    (@always $harness:expr, $clause:ident) => {
        $crate::registry::$clause($harness().await).await
    };
    (@installed $harness:expr, $clause:ident) => {
        if let Some(harness) = $harness().await {
            $crate::registry::$clause(harness).await;
        }
    };
    ($harness:expr) => { $crate::registry_suite!(@clauses $harness, always); };
    ($harness:expr, where installed) => { $crate::registry_suite!(@clauses $harness, installed); };
}
