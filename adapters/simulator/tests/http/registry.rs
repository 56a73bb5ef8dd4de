use std::time::Duration;

use registrywatcher_simulator::{
    ALWAYS, Authentication, LinkStyle, Quota, SimulatedRegistry, TokenMembers,
};
use reqwest::{Method, Response, StatusCode, header};
use serde_json::Value;

use crate::client::client;

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

async fn get(registry: &SimulatedRegistry, path: &str) -> Response {
    let url = format!("{}{path}", registry.url());
    client().get(url).send().await.unwrap()
}

async fn head(registry: &SimulatedRegistry, path: &str) -> Response {
    let url = format!("{}{path}", registry.url());
    client().head(url).send().await.unwrap()
}

async fn json(response: Response) -> Value {
    response.json().await.unwrap()
}

#[track_caller]
fn header(response: &Response, name: &str) -> String {
    let value = response.headers().get(name);
    let value = value.unwrap_or_else(|| panic!("no {name} in {:?}", response.headers()));
    value.to_str().unwrap().to_owned()
}

async fn list(registry: &SimulatedRegistry, query: &str) -> (Vec<String>, Option<String>) {
    let response = get(registry, &format!("/v2/team/web/tags/list{query}")).await;
    assert_eq!(response.status(), StatusCode::OK);
    let link = response.headers().get("link");
    let link = link.map(|link| link.to_str().unwrap().to_owned());
    let tags = serde_json::from_value(json(response).await["tags"].clone()).unwrap();
    (tags, link)
}

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

#[tokio::test]
async fn basic_credentials_are_asked_for() {
    let registry = SimulatedRegistry::start().await.unwrap();
    registry.configure(|settings| settings.authentication = Authentication::basic("u", "p"));
    let refused = get(&registry, "/v2/").await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert!(header(&refused, "www-authenticate").starts_with("Basic realm="));
    let url = format!("{}/v2/", registry.url());
    let ask = |password: &str| client().get(&url).basic_auth("u", Some(password)).send();
    assert_eq!(
        ask("wrong").await.unwrap().status(),
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(ask("p").await.unwrap().status(), StatusCode::OK);
}

async fn token(registry: &SimulatedRegistry, query: &str) -> Value {
    let url = format!("{}/token?{query}", registry.url());
    json(client().get(url).send().await.unwrap()).await
}

async fn pull_with(registry: &SimulatedRegistry, token: &Value) -> Response {
    let url = format!("{}/v2/team/web/manifests/v1", registry.url());
    let request = client().get(url).bearer_auth(token.as_str().unwrap());
    request.send().await.unwrap()
}

#[tokio::test]
async fn a_bearer_token_opens_the_repository_it_was_issued_for() {
    let registry = SimulatedRegistry::start().await.unwrap();
    registry.publish("team/web", "v1");
    registry.configure(|settings| settings.authentication = Authentication::bearer("reg", None));
    let refused = get(&registry, "/v2/team/web/manifests/v1").await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    let challenge = header(&refused, "www-authenticate");
    let realm = format!("Bearer realm=\"{}/token\",service=\"reg\"", registry.url());
    assert_eq!(
        challenge,
        format!("{realm},scope=\"repository:team/web:pull\"")
    );

    let right = token(&registry, "service=reg&scope=repository:team/web:pull").await;
    assert_eq!(right["expires_in"], 300);
    assert_eq!(right["token"], right["access_token"]);
    assert_eq!(
        pull_with(&registry, &right["token"]).await.status(),
        StatusCode::OK
    );

    let wrong = token(&registry, "service=reg&scope=repository:team/api:pull").await;
    let refused = pull_with(&registry, &wrong["token"]).await;
    assert!(header(&refused, "www-authenticate").ends_with("error=\"insufficient_scope\""));
    assert_eq!(registry.requests().tokens_issued, 2);

    registry.revoke_tokens();
    let refused = pull_with(&registry, &right["token"]).await;
    assert!(header(&refused, "www-authenticate").ends_with("error=\"invalid_token\""));
}

#[tokio::test]
async fn the_token_endpoint_checks_service_and_credentials() {
    let registry = SimulatedRegistry::start().await.unwrap();
    registry.configure(|settings| {
        settings.authentication = Authentication::bearer("reg", Some(("u", "p")));
    });
    let status = async |query: &str, password: &str| {
        let url = format!("{}/token?{query}", registry.url());
        let request = client().get(url).basic_auth("u", Some(password));
        request.send().await.unwrap().status()
    };
    assert_eq!(status("service=reg", "p").await, StatusCode::OK);
    assert_eq!(status("service=reg", "x").await, StatusCode::UNAUTHORIZED);
    assert_eq!(status("service=other", "p").await, StatusCode::BAD_REQUEST);
    assert_eq!(registry.requests().token_requests, 3);
}

#[tokio::test]
async fn an_identity_token_is_exchanged_by_the_oauth2_flow() {
    let registry = SimulatedRegistry::start().await.unwrap();
    registry.publish("team/web", "v1");
    registry.configure(|settings| {
        settings.authentication = Authentication::Bearer {
            service: "reg".to_owned(),
            credentials: Some(("u".to_owned(), "p".to_owned())),
            identity_token: Some("identity".to_owned()),
            expires_in: None,
            members: TokenMembers::Token,
        };
    });
    let exchange = async |refresh_token: &str| {
        let form = [
            ("grant_type", "refresh_token"),
            ("service", "reg"),
            ("scope", "repository:team/web:pull"),
            ("refresh_token", refresh_token),
        ];
        let request = client()
            .post(format!("{}/token", registry.url()))
            .form(&form);
        request.send().await.unwrap()
    };
    assert_eq!(exchange("stolen").await.status(), StatusCode::UNAUTHORIZED);
    let token = json(exchange("identity").await).await;
    assert!(token.get("token").is_none());
    let pulled = pull_with(&registry, &token["access_token"]).await;
    assert_eq!(pulled.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_rate_limit_says_when_to_come_back() {
    let registry = SimulatedRegistry::start().await.unwrap();
    registry.fault(|faults| {
        faults.rate_limited = 1;
        faults.retry_after = Some("7".to_owned());
    });
    let limited = get(&registry, "/v2/").await;
    assert_eq!(limited.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(header(&limited, "retry-after"), "7");
    assert_eq!(get(&registry, "/v2/").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_pull_quota_counts_gets_and_not_heads() {
    let registry = SimulatedRegistry::start().await.unwrap();
    registry.publish("team/web", "v1");
    let window = Duration::from_hours(6);
    registry.configure(|settings| settings.quota = Some(Quota { limit: 2, window }));
    let manifest = "/v2/team/web/manifests/v1";
    for expected in ["2;w=21600", "2;w=21600"] {
        let answered = head(&registry, manifest).await;
        assert_eq!(header(&answered, "ratelimit-remaining"), expected);
    }
    for expected in ["1;w=21600", "0;w=21600"] {
        let answered = get(&registry, manifest).await;
        assert_eq!(header(&answered, "ratelimit-remaining"), expected);
    }
    let limited = get(&registry, manifest).await;
    assert_eq!(limited.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(limited.text().await.unwrap().contains("pull rate limit"));
    registry.refill_quota();
    assert_eq!(get(&registry, manifest).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn faults_last_until_recovery() {
    let registry = SimulatedRegistry::start().await.unwrap();
    registry.publish("team/web", "v1");
    let manifest = "/v2/team/web/manifests/v1";
    registry.fault(|faults| {
        faults.failing = ALWAYS;
        faults.failing_status = 502;
    });
    for _ in 0..3 {
        assert_eq!(
            get(&registry, manifest).await.status(),
            StatusCode::BAD_GATEWAY
        );
    }
    registry.recover();
    registry.fault(|faults| {
        faults.no_head = true;
        faults.no_digest_header = true;
    });
    assert_eq!(
        head(&registry, manifest).await.status(),
        StatusCode::METHOD_NOT_ALLOWED
    );
    let answered = get(&registry, manifest).await;
    assert_eq!(answered.status(), StatusCode::OK);
    assert!(!answered.headers().contains_key("docker-content-digest"));
}

#[tokio::test]
async fn a_truncated_body_is_an_error_for_the_client() {
    let registry = SimulatedRegistry::start().await.unwrap();
    registry.publish("team/web", "v1");
    registry.fault(|faults| faults.truncated_bodies = 1);
    let answered = get(&registry, "/v2/team/web/tags/list").await;
    assert_eq!(answered.status(), StatusCode::OK);
    assert!(answered.bytes().await.is_err());
    assert_eq!(list(&registry, "").await.0, ["v1"]);
}

#[tokio::test]
async fn a_slow_registry_outlasts_an_impatient_client() {
    let registry = SimulatedRegistry::start().await.unwrap();
    registry.fault(|faults| faults.delay = Some(Duration::from_mins(1)));
    let request = client().get(format!("{}/v2/", registry.url()));
    let failure = request
        .timeout(Duration::from_millis(50))
        .send()
        .await
        .unwrap_err();
    assert!(failure.is_timeout());
}

#[tokio::test]
async fn it_counts_requests_and_connections() {
    let registry = SimulatedRegistry::start().await.unwrap();
    registry.publish("team/web", "v1");
    get(&registry, "/v2/team/web/tags/list")
        .await
        .bytes()
        .await
        .unwrap();
    head(&registry, "/v2/team/web/manifests/v1").await;
    get(&registry, "/v2/team/web/manifests/v1")
        .await
        .bytes()
        .await
        .unwrap();
    let requests = registry.requests();
    assert_eq!(
        (
            requests.tag_lists,
            requests.manifest_heads,
            requests.manifest_gets
        ),
        (1, 1, 1)
    );
    assert_eq!(requests.total(), 3);
    assert!(requests.connections_peak >= 1);
}

#[tokio::test]
async fn it_comes_back_on_the_same_port_with_what_was_pushed() {
    let registry = SimulatedRegistry::start().await.unwrap();
    registry.publish("team/web", "v1");
    assert_eq!(list(&registry, "").await.0, ["v1"]);
    registry.stop().await;
    assert_eq!(registry.requests().connections_open, 0);
    let refused = client().get(format!("{}/v2/", registry.url())).send().await;
    assert!(refused.unwrap_err().is_connect());
    registry.restart().await.unwrap();
    assert_eq!(list(&registry, "").await.0, ["v1"]);
}
