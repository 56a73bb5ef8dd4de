use registrywatcher_simulator::LinkStyle;

use super::*;

#[tokio::test]
async fn it_is_a_v2_registry() {
    let registry = SimulatedRegistry::start().await.unwrap();
    let response = get(&registry, "/v2/").await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(
        header(&response, "docker-distribution-api-version"),
        "registry/2.0"
    );
}

#[tokio::test]
async fn tags_are_listed_in_the_order_of_their_push() {
    let registry = SimulatedRegistry::start().await.unwrap();
    for tag in ["v2", "v10", "v1"] {
        registry.publish("team/web", tag);
    }
    assert_eq!(list(&registry, "?n=1").await.0, ["v2", "v10", "v1"]);
    registry.configure(|settings| settings.sorted = true);
    assert_eq!(list(&registry, "").await.0, ["v1", "v10", "v2"]);
}

#[tokio::test]
async fn a_repository_without_tags_has_null_and_an_unknown_one_is_404() {
    let registry = SimulatedRegistry::start().await.unwrap();
    registry.publish("team/web", "v1");
    assert!(registry.delete_tag("team/web", "v1"));
    let body = json(get(&registry, "/v2/team/web/tags/list").await).await;
    assert_eq!(body["tags"], Value::Null);

    let response = get(&registry, "/v2/team/other/tags/list").await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert_eq!(json(response).await["errors"][0]["code"], "NAME_UNKNOWN");
}

#[tokio::test]
async fn pages_are_linked_until_the_last() {
    let registry = SimulatedRegistry::start().await.unwrap();
    registry.configure(|settings| settings.page_size = Some(2));
    for tag in ["a", "b", "c", "d", "e"] {
        registry.publish("team/web", tag);
    }
    let (first, link) = list(&registry, "?n=1000").await;
    assert_eq!(first, ["a", "b"]);
    assert_eq!(
        link.unwrap(),
        "</v2/team/web/tags/list?last=b&n=2>; rel=\"next\""
    );
    let (last, link) = list(&registry, "?last=d&n=2").await;
    assert_eq!((last, link), (vec!["e".to_owned()], None));
}

#[tokio::test]
async fn links_are_spelled_as_in_the_wild() {
    let registry = SimulatedRegistry::start().await.unwrap();
    registry.publish("team/web", "a");
    registry.publish("team/web", "b");
    registry.configure(|settings| settings.page_size = Some(1));
    let path = "/v2/team/web/tags/list";
    let host = registry.host();
    for (style, expected) in [
        (
            LinkStyle::Absolute,
            format!("<http://{host}{path}?last=a&n=1>; rel=\"next\""),
        ),
        (
            LinkStyle::ForeignHost,
            format!("<https://registry.internal{path}?last=a&n=1>; rel=\"next\""),
        ),
        (
            LinkStyle::Unquoted,
            format!("<{path}?last=a&n=1>; rel=next"),
        ),
        (
            LinkStyle::SelfReferencing,
            format!("<{path}?n=1>; rel=\"next\""),
        ),
    ] {
        registry.configure(|settings| settings.link_style = style);
        assert_eq!(
            list(&registry, "?n=1").await.1.unwrap(),
            expected,
            "{style:?}"
        );
    }
}

#[tokio::test]
async fn an_n_above_the_largest_is_refused() {
    let registry = SimulatedRegistry::start().await.unwrap();
    registry.publish("team/web", "a");
    registry.configure(|settings| settings.largest_n = Some(1000));
    let response = get(&registry, "/v2/team/web/tags/list?n=1001").await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(list(&registry, "?n=1000").await.0, ["a"]);
}

#[tokio::test]
async fn a_page_after_the_first_can_be_lost_once() {
    let registry = SimulatedRegistry::start().await.unwrap();
    registry.configure(|settings| settings.page_size = Some(1));
    registry.publish("team/web", "a");
    registry.publish("team/web", "b");
    registry.fault(|faults| faults.lost_pages = 1);
    assert_eq!(list(&registry, "").await.0, ["a"]);
    let lost = get(&registry, "/v2/team/web/tags/list?last=a").await;
    assert_eq!(lost.status(), StatusCode::NOT_FOUND);
    assert_eq!(list(&registry, "?last=a").await.0, ["b"]);
}
