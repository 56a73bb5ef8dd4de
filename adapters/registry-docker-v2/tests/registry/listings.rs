//! Listing tags: protocol section A.5, traps G.5 to G.7 and G.9.

use std::sync::Arc;

use registrywatcher::ports::RegistryError;
use registrywatcher_registry_docker_v2::RegistrySettings;
use serde_json::{Value, json};

use crate::double::{OCI_MANIFEST, manifest};
use crate::fixture::{Fixture, LIST, WEB, fixture, fixture_with};
use crate::server::{Reply, Request, Server};

const PAGE_2: &str = "/v2/team/web/tags/list?last=v2&n=2";

fn page(tags: &Value) -> Reply {
    Reply::json(200, &json!({"name": WEB, "tags": tags}))
}

/// Two pages, the first of which ends with `link`.
async fn linked_by(link: impl Into<String>) -> Fixture {
    let fixture = fixture().await;
    let link = link.into();
    fixture.double.script(move |request, _| {
        Some(if request.target == PAGE_2 {
            page(&json!(["v3"]))
        } else {
            page(&json!(["v1", "v2"])).with("Link", link.clone())
        })
    });
    fixture
}

/// A listing in one page, whatever is asked.
async fn listing(body: impl Into<Vec<u8>>) -> Result<Vec<String>, RegistryError> {
    let fixture = fixture().await;
    let body = body.into();
    fixture
        .double
        .script(move |_, _| Some(Reply::new(200, body.clone())));
    fixture
        .tags()
        .await
        .map(|tags| tags.iter().map(str::to_owned).collect())
}

#[tokio::test]
async fn pages_are_followed_by_each_spelling_of_a_link() {
    for link in [
        format!("<{PAGE_2}>; rel=\"next\""),
        format!("<{PAGE_2}>; rel=next"),
        format!("{PAGE_2}; rel=\"next\""),
        format!("<http://registry.internal:5000{PAGE_2}>; rel=\"next\""),
        format!("<https://127.0.0.1:1{PAGE_2}>; rel=\"next\""),
        format!("</v2/>; rel=\"first\", <{PAGE_2}>; rel=\"next\""),
        "<?last=v2&n=2>; rel=\"next\"".to_owned(),
    ] {
        let fixture = linked_by(&link).await;
        assert_eq!(fixture.listed().await, ["v1", "v2", "v3"], "{link}");
        assert_eq!(
            fixture.asked(),
            [LIST.to_owned(), format!("GET {PAGE_2}")],
            "{link}"
        );
    }
}

#[tokio::test]
async fn a_link_to_another_host_is_not_followed_there() {
    let other = Server::start(|_| Reply::new(500, "")).await;
    let fixture = linked_by(format!("<http://{}{PAGE_2}>; rel=\"next\"", other.host())).await;
    assert_eq!(fixture.listed().await, ["v1", "v2", "v3"]);
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn a_page_that_is_shorter_than_asked_is_not_the_last() {
    let fixture = fixture().await;
    fixture.double.script(|request, _| {
        Some(match request.parameter("last").as_deref() {
            None => page(&json!(["v1"])).with("Link", "</v2/team/web/tags/list?last=1>; rel=next"),
            Some("1") => {
                page(&Value::Null).with("Link", "</v2/team/web/tags/list?last=2>; rel=next")
            }
            Some(_) => page(&json!(["v2"])),
        })
    });
    assert_eq!(
        fixture.listed().await,
        ["v1", "v2"],
        "not even a page without tags is"
    );
}

#[tokio::test]
async fn a_link_that_leads_back_is_an_error() {
    let fixture = fixture().await;
    fixture.double.script(|request, _| {
        Some(page(&json!(["v1"])).with("Link", format!("<{}>; rel=next", request.target)))
    });
    let error = fixture.tags().await.unwrap_err();
    assert!(matches!(error, RegistryError::Invalid { .. }), "{error}");
    assert_eq!(fixture.asked(), [LIST]);
}

#[tokio::test]
async fn a_listing_that_never_ends_is_an_error() {
    let fixture = fixture().await;
    fixture.double.script(|request, _| {
        let last: u32 = request
            .parameter("last")
            .map_or(0, |last| last.parse().unwrap());
        let next = format!("</v2/team/web/tags/list?last={}>; rel=next", last + 1);
        Some(page(&json!([format!("v{last}")])).with("Link", next))
    });
    let error = fixture.tags().await.unwrap_err();
    assert!(
        error.to_string().contains("more than 2000 pages"),
        "{error}"
    );
}

/// Has the second page missing for the first `times` it is asked for.
async fn page_missing(times: usize) -> Fixture {
    let fixture = linked_by("").await;
    let asked = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    fixture.double.script(move |request, _| {
        if request.target != PAGE_2 {
            return Some(page(&json!(["v1", "v2"])).with("Link", format!("<{PAGE_2}>; rel=next")));
        }
        let before = asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Some(if before < times {
            Reply::error(404, "NAME_UNKNOWN")
        } else {
            page(&json!(["v3"]))
        })
    });
    fixture
}

#[tokio::test]
async fn a_listing_whose_tags_went_meanwhile_is_read_once_more_from_the_start() {
    let fixture = page_missing(1).await;
    assert_eq!(fixture.listed().await, ["v1", "v2", "v3"]);
    assert_eq!(fixture.asked().len(), 4);

    let error = page_missing(2).await.tags().await.unwrap_err();
    assert!(
        matches!(error, RegistryError::Unavailable { .. }),
        "not that the repository is gone: {error}"
    );
}

#[tokio::test]
async fn a_page_that_fails_is_no_shorter_listing() {
    let fixture = fixture().await;
    for n in 2..6 {
        fixture
            .double
            .push(WEB, &format!("v{n}"), OCI_MANIFEST, &manifest(n));
    }
    fixture.double.set_page_size(2);
    let before = fixture.tags().await.unwrap();
    fixture.double.script(|request, _| {
        request
            .target
            .contains("last=v4")
            .then(|| Reply::error(403, "DENIED"))
    });
    fixture.tags().await.unwrap_err();
    fixture.double.behave();
    assert!(Arc::ptr_eq(&before, &fixture.tags().await.unwrap()));
}

#[tokio::test]
async fn a_repository_whose_tags_were_all_deleted_is_empty() {
    for body in [
        r#"{"name":"team/web","tags":null}"#,
        r#"{"name":"team/web"}"#,
        r#"{"name":"team/web","tags":[]}"#,
    ] {
        assert_eq!(listing(body).await.unwrap(), [""; 0], "{body}");
    }
}

#[tokio::test]
async fn what_is_no_listing_is_never_read_as_a_repository_without_tags() {
    for body in [
        "",
        "<html>please log in</html>",
        r#"{"errors":[{"code":"UNKNOWN","message":"?"}]}"#,
        r#"{"tags":"v1"}"#,
        r#"{"tags":["v1""#,
        "[]",
    ] {
        let error = listing(body).await.unwrap_err();
        assert!(
            matches!(error, RegistryError::Invalid { .. }),
            "{body}: {error}"
        );
    }
}

#[tokio::test]
async fn tags_are_sorted_here_and_told_once() {
    let body =
        r#"{"tags":["v2","latest","v10","v1","v2","\u0076\u0033"],"child":[],"manifest":{}}"#;
    assert_eq!(
        listing(body).await.unwrap(),
        ["latest", "v1", "v10", "v2", "v3"]
    );
}

#[tokio::test]
async fn the_same_tags_in_another_order_are_the_same_list() {
    let fixture = fixture().await;
    fixture
        .double
        .script(|_, _| Some(page(&json!(["v1", "v2"]))));
    let before = fixture.tags().await.unwrap();
    fixture
        .double
        .script(|_, _| Some(page(&json!(["v2", "v1"]))));
    assert!(Arc::ptr_eq(&before, &fixture.tags().await.unwrap()));
}

#[tokio::test]
async fn a_change_on_a_later_page_is_seen() {
    let fixture = fixture().await;
    fixture.double.set_page_size(2);
    for n in 2..6 {
        fixture
            .double
            .push(WEB, &format!("v{n}"), OCI_MANIFEST, &manifest(n));
    }
    let before = fixture.tags().await.unwrap();
    assert!(
        Arc::ptr_eq(&before, &fixture.tags().await.unwrap()),
        "three pages, none changed"
    );
    fixture.double.remove(WEB, "v5");
    assert_eq!(fixture.listed().await, ["v1", "v2", "v3", "v4"]);
}

#[tokio::test]
async fn no_more_is_asked_for_at_once_than_every_registry_gives() {
    for (configured, asked) in [(1000, 1000), (5000, 1000), (0, 1), (50, 50)] {
        let settings = RegistrySettings {
            page_size: configured,
            ..RegistrySettings::default()
        };
        let fixture = fixture_with(settings).await;
        fixture.tags().await.unwrap();
        let requests: Vec<Request> = fixture.double.server.take_requests();
        assert_eq!(requests[0].parameter("n"), Some(asked.to_string()));
    }
}

#[tokio::test]
async fn a_listing_larger_than_is_allowed_is_refused() {
    let settings = RegistrySettings {
        max_tags_bytes: 100,
        ..RegistrySettings::default()
    };
    let fixture = fixture_with(settings).await;
    fixture.tags().await.unwrap();
    fixture.double.set_page_size(2);
    for n in 2..9 {
        fixture
            .double
            .push(WEB, &format!("v{n}"), OCI_MANIFEST, &manifest(n));
    }
    let error = fixture.tags().await.unwrap_err();
    assert!(
        matches!(error, RegistryError::Invalid { .. }),
        "all pages together: {error}"
    );
    assert!(error.to_string().contains("longer than"), "{error}");
}

#[tokio::test]
async fn what_is_no_tag_is_counted_and_left_out() {
    let fixture = fixture().await;
    fixture
        .double
        .script(|_, _| Some(page(&json!(["v1", "a/b", ""]))));
    let tags = fixture.tags().await.unwrap();
    assert_eq!((tags.len(), tags.unusable()), (1, 2));
}
