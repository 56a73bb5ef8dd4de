//! What the registry is asked, counted at the registry.

use std::fmt::Write as _;
use std::time::Duration;

use registrywatcher_simulator::{Authentication, RegistryRequests};
use serde_json::json;
use tokio::time::Instant;

use crate::databases::Database;
use crate::program::Program;
use crate::site::{REPOSITORY, Site, head};
use crate::wait::eventually;

#[tokio::test(flavor = "multi_thread")]
async fn an_unchanged_watch_that_tracks_costs_one_request_a_poll() {
    let site = with_tokens().await;
    let service = site.program.serve().await;
    service.decides("web", "up_to_date").await;
    // Counted from one poll to another: what a poll has listed is seen before the next one asks.
    service.next_poll("web").await;
    let before = site.registry.requests();
    let mut listed = service.listed_at("web").await;
    for _ in 0..5 {
        listed = eventually("the next poll", async || {
            let at = service.listed_at("web").await;
            (at != listed).then_some(at)
        })
        .await;
    }
    let after = site.registry.requests();
    assert_eq!(after.tag_lists - before.tag_lists, 5);
    assert_eq!(after.total() - before.total(), 5, "{before:?} {after:?}");
    no_more_than_needed(after, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pinned_watch_costs_one_head_a_poll() {
    let site = with_tokens().await;
    let service = site.program.serve().await;
    service
        .change_tag("web", json!({ "pinned_tag": "v1.0.0" }))
        .await;
    service
        .newest_deployment("web", "v1.0.0", "succeeded")
        .await;
    heads(&site, 2).await;
    let (began, before) = (Instant::now(), site.registry.requests());
    heads(&site, 5).await;
    let (took, after) = (began.elapsed(), site.registry.requests());
    let asked = after.manifest_heads - before.manifest_heads;
    assert_eq!(
        after.total() - before.total(),
        asked,
        "{before:?} {after:?}"
    );
    // Five polls, each an interval after the one before, less the tenth by which it may vary.
    assert!(took > Duration::from_millis(4 * 270), "5 heads in {took:?}");
    no_more_than_needed(after, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_watches_share_few_connections_and_have_one_token_each() {
    const WATCHES: usize = 20;
    let mut site = Site::open(Database::sqlite()).await;
    site.registry.configure(|settings| {
        settings.authentication = Authentication::bearer("registry", Some(("bot", "secret")));
    });
    // Long enough that all polls would overlap, if they could.
    let delay = Some(Duration::from_millis(30));
    site.registry.fault(|faults| faults.delay = delay);
    let host = site.registry.host();
    let mut config = head(&site.database, &site.nomad);
    let _ = write!(
        config,
        r#"
        [registries."{host}"]
        username = "bot"
        password = "secret"
        concurrency = 2
        "#
    );
    for index in 0..WATCHES {
        site.registry.publish(&format!("acme/app{index}"), "v1.0.0");
        let image = format!("{host}/acme/app{index}");
        crate::site::add_job(
            &site.nomad,
            &format!("app{index}"),
            "server",
            &format!("{image}:v1.0.0"),
        );
        let _ = write!(
            config,
            r#"
            [watches.app{index}]
            image = "{image}"
            interval = "2s"
            workloads = [{{ deployer = "nomad", job = "app{index}", task = "server" }}]
            "#
        );
    }
    site.program = Program::new(&config);
    let service = site.program.serve().await;
    service.ready().await;
    for index in [0, WATCHES - 1] {
        service.next_poll(&format!("app{index}")).await;
    }
    let requests = site.registry.requests();
    no_more_than_needed(requests, WATCHES as u64);
    assert!(requests.tag_lists >= 3 * WATCHES as u64, "{requests:?}");
    assert_eq!(requests.manifest_heads, WATCHES as u64, "{requests:?}");
    assert!(requests.connections_peak <= 2, "{requests:?}");
}

/// No pings, nothing that is not needed, and no token more than once.
fn no_more_than_needed(requests: RegistryRequests, tokens: u64) {
    assert_eq!(requests.pings, 0, "{requests:?}");
    assert_eq!(requests.manifest_gets, 0, "{requests:?}");
    assert_eq!(requests.blobs, 0, "{requests:?}");
    assert_eq!(requests.others, 0, "{requests:?}");
    assert_eq!(requests.tokens_issued, tokens, "{requests:?}");
    assert_eq!(requests.token_requests, tokens, "{requests:?}");
}

/// A site whose registry gives tokens, and whose digests are not asked for again in between.
async fn with_tokens() -> Site {
    let mut site = Site::open(Database::sqlite()).await;
    site.registry.configure(|settings| {
        settings.authentication = Authentication::bearer("registry", Some(("bot", "secret")));
    });
    let host = site.registry.host();
    let config = head(&site.database, &site.nomad);
    site.program = Program::new(&format!(
        r#"{config}
        [registries."{host}"]
        username = "bot"
        password = "secret"

        [watches.web]
        image = "{host}/{REPOSITORY}"
        workloads = [{{ deployer = "nomad", job = "web", task = "server" }}]
        "#
    ));
    site.program
        .set("REGISTRYWATCHER_POLL__DIGEST_EVERY", "1000000");
    site
}

/// Waits for so many more HEADs.
async fn heads(site: &Site, count: u64) {
    let before = site.registry.requests().manifest_heads;
    eventually("heads are asked for", async || {
        (site.registry.requests().manifest_heads >= before + count).then_some(())
    })
    .await;
}
