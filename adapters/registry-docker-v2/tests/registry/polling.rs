//! What a poll costs: traps G.4 and G.28.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::join_all;
use registrywatcher::image::Image;
use registrywatcher::ports::RegistryError;
use registrywatcher_registry_docker_v2::RegistrySettings;
use tokio::sync::Semaphore;

use crate::double::{Auth, OCI_INDEX, OCI_MANIFEST, entry, index, manifest};
use crate::fixture::{LIST, WEB, account, fixture, fixture_with};
use crate::server::Reply;

#[tokio::test]
async fn an_unchanged_poll_is_one_request_whatever_the_registry_wants_to_see() {
    for auth in [
        Auth::Open,
        Auth::Basic("bot:secret"),
        Auth::Bearer,
        Auth::BearerFor("bot:secret"),
    ] {
        let fixture = fixture().await;
        fixture.credentials.set(account("bot", "secret"));
        fixture.double.require(auth);
        let child = manifest(2);
        fixture.double.push_untagged(OCI_MANIFEST, &child);
        fixture.double.push(
            WEB,
            "v2",
            OCI_INDEX,
            &index(&[entry("linux/amd64", &child)]),
        );
        fixture.tags().await.unwrap();
        let known = fixture.resolve("v2").await.unwrap().unwrap();
        assert_eq!(known.platforms().len(), 1);
        fixture.asked();

        fixture.tags().await.unwrap();
        assert_eq!(fixture.asked(), [LIST], "tracking");
        assert_eq!(
            fixture.resolve_known("v2", Some(&known)).await.unwrap(),
            Some(known)
        );
        assert_eq!(
            fixture.asked(),
            ["HEAD /v2/team/web/manifests/v2"],
            "pinned"
        );
    }
}

#[tokio::test]
async fn a_tag_of_a_plain_manifest_never_costs_a_pull() {
    let fixture = fixture().await;
    let known = Image::of_digest(fixture.double.push(WEB, "v1", OCI_MANIFEST, &manifest(7)));
    assert_eq!(fixture.resolve("v1").await.unwrap(), Some(known));
    fixture.resolve("missing").await.unwrap();
    let asked = fixture.asked();
    assert!(
        asked.iter().all(|line| line.starts_with("HEAD ")),
        "{asked:?}"
    );
}

#[tokio::test]
async fn requests_and_connections_stay_within_the_concurrency() {
    let settings = RegistrySettings {
        concurrency: 4,
        ..RegistrySettings::default()
    };
    let fixture = fixture_with(settings).await;
    let gate = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&gate);
    fixture
        .double
        .script(move |request, model| Some(model.serve(request).held_by(&held)));
    let polls = join_all((0..60).map(|_| fixture.tags()));
    let release = async {
        // The first ones all stand at the gate before any passes.
        while fixture.double.server.requests().len() < 4 {
            tokio::task::yield_now().await;
        }
        gate.add_permits(60);
    };
    let (outcomes, ()) = tokio::join!(polls, release);
    for outcome in outcomes {
        outcome.unwrap();
    }
    assert_eq!(fixture.double.server.peak_in_flight(), 4);
    assert_eq!(fixture.double.server.peak_connections(), 4);
    assert_eq!(fixture.asked().len(), 60);
}

/// On a runtime of one thread, as the server has: only there does a connection go back to its pool before the next request
/// looks for one.
#[tokio::test(flavor = "current_thread")]
async fn no_connection_is_opened_beyond_the_concurrency_however_quickly_answers_come() {
    let open = || Auth::Open;
    let bearer = || Auth::Bearer;
    for (concurrency, auth) in [(1, open as fn() -> Auth), (4, open), (4, bearer)] {
        for _cold in 0..6 {
            let settings = RegistrySettings {
                concurrency,
                ..RegistrySettings::default()
            };
            let fixture = fixture_with(settings).await;
            fixture.double.require(auth());
            for _warm in 0..20 {
                let polls = (0..20).map(async |index| {
                    if index % 2 == 0 {
                        fixture.tags().await.map(drop)
                    } else {
                        fixture.resolve("v1").await.map(drop)
                    }
                });
                for outcome in join_all(polls).await {
                    outcome.unwrap();
                }
            }
            assert_eq!(fixture.double.server.peak_connections(), concurrency);
        }
    }
}

#[tokio::test]
async fn a_passing_failure_is_asked_again_a_few_times_and_then_told() {
    join_all([500, 502, 503, 504, 408].map(async |status| {
        let fixture = fixture().await;
        fixture
            .double
            .script(move |_, _| Some(Reply::new(status, "no backend")));
        let error = fixture.tags().await.unwrap_err();
        assert!(
            matches!(error, RegistryError::Unavailable { .. }),
            "{status}: {error}"
        );
        assert!(error.to_string().contains(&status.to_string()), "{error}");
        assert_eq!(fixture.asked().len(), 3, "{status}");
    }))
    .await;
}

#[tokio::test]
async fn a_failure_that_passes_is_not_noticed() {
    let fixture = fixture().await;
    let asked = AtomicUsize::new(0);
    fixture.double.script(move |_, _| {
        let is_first = asked.fetch_add(1, Ordering::SeqCst) == 0;
        is_first.then(|| Reply::new(502, "no backend"))
    });
    assert_eq!(fixture.listed().await, ["v1"]);
}

#[tokio::test]
async fn a_lasting_failure_is_asked_once() {
    for status in [400, 403, 404, 405, 501, 418] {
        let fixture = fixture().await;
        fixture
            .double
            .script(move |_, _| Some(Reply::new(status, "no")));
        fixture.tags().await.unwrap_err();
        assert_eq!(fixture.asked(), [LIST], "{status}");
    }
}

#[tokio::test]
async fn a_registry_that_does_not_answer_in_time_is_unavailable() {
    let timeout = Duration::from_millis(200);
    let fixture = fixture_with(RegistrySettings {
        timeout,
        ..RegistrySettings::default()
    })
    .await;
    let never = Arc::new(Semaphore::new(0));
    fixture
        .double
        .script(move |_, _| Some(Reply::new(200, "").held_by(&never)));
    let error = fixture.tags().await.unwrap_err();
    assert!(
        matches!(error, RegistryError::Unavailable { .. }),
        "{error}"
    );
    assert!(
        error.to_string().contains("did not answer in time"),
        "{error}"
    );
    assert_eq!(
        fixture.asked(),
        [LIST],
        "a slow registry is not asked again at once"
    );
}
