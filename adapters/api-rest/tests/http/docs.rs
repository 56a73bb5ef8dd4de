//! The page for people.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use poem::http::Method;
use registrywatcher_api_rest::openapi;

use super::call::Answer;
use super::house::House;
use super::roles;

async fn page() -> String {
    let house = House::new().await;
    text_of(&house.get("/docs").await)
}

fn text_of(answer: &Answer) -> String {
    assert_eq!(answer.status, 200);
    answer.body.as_str().unwrap().to_owned()
}

/// The values of an attribute, in the order in which they stand.
fn values<'a>(page: &'a str, attribute: &str) -> Vec<&'a str> {
    let start = format!(" {attribute}=\"");
    let parts = page.split(&start[..]).skip(1);
    let values = parts.map(|part| part.split_once('"').unwrap().0);
    values.collect()
}

#[tokio::test]
async fn every_operation_and_every_schema_has_its_anchor() {
    let (page, document) = (page().await, openapi());
    let ids = values(&page, "id");
    let unique: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(unique.len(), ids.len(), "an anchor stands twice: {ids:?}");
    for (path, operations) in document["paths"].as_object().unwrap() {
        for operation in operations.as_object().unwrap().values() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(unique.contains(id), "{path} {id}");
            assert!(page.contains(&format!("<code>{path}</code>")), "{path}");
        }
    }
    for name in document["components"]["schemas"]
        .as_object()
        .unwrap()
        .keys()
    {
        assert!(unique.contains(format!("schema-{name}").as_str()), "{name}");
    }
    assert!(unique.contains("too-many-streams"));
}

#[tokio::test]
async fn every_link_leads_somewhere_on_this_server() {
    let page = page().await;
    let ids: BTreeSet<&str> = values(&page, "id").into_iter().collect();
    let links = values(&page, "href");
    assert!(links.len() > 100, "{}", links.len());
    for link in links {
        match link.strip_prefix('#') {
            Some(anchor) => assert!(ids.contains(anchor), "{link}"),
            None => assert!(
                ["/openapi.json", "/docs/style.css"].contains(&link),
                "{link}"
            ),
        }
    }
}

#[tokio::test]
async fn it_needs_no_script_and_no_other_address() {
    let house = House::new().await;
    let answer = house.get("/docs").await;
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    let policy = answer.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; style-src 'self';"),
        "{policy}"
    );
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let page = text_of(&answer);
    for active in [
        "<script",
        "<style",
        " style=",
        " src=",
        " onclick=",
        "<iframe",
        "<form",
    ] {
        assert!(!page.contains(active), "{active}");
    }
    let style = house.get("/docs/style.css").await;
    assert_eq!(style.header("content-type"), "text/css; charset=utf-8");
    let style = text_of(&style);
    assert!(!style.contains("url(") && !style.contains("@import"));
}

#[tokio::test]
async fn an_example_can_be_run_as_it_stands() {
    let page = page().await;
    let change = "curl -X PATCH &quot;$REGISTRYWATCHER_URL/api/v1/watches/web/intent&quot; \\\n  \
        -H &quot;Authorization: Bearer $REGISTRYWATCHER_TOKEN&quot; \\\n  \
        -H &#39;Content-Type: application/json&#39; \\\n  \
        -d &#39;{&quot;tag&quot;:&quot;v1.0.0&quot;,&quot;target&quot;:&quot;pin&quot;}&#39;";
    assert!(page.contains(change), "{page}");
    let ping = "<pre><code>curl &quot;$REGISTRYWATCHER_URL/ping&quot;</code></pre>";
    assert!(page.contains(ping));
    assert!(page.contains("curl --no-buffer"));
    let examples = page.split("<pre><code>curl ").skip(1);
    for example in examples {
        let (address, _) = example
            .split_once('/')
            .unwrap()
            .1
            .split_once("&quot;")
            .unwrap();
        assert!(!address.contains('{'), "{address}");
    }
}

#[tokio::test]
async fn it_is_as_public_as_the_document() {
    let house = House::with(roles::with_tokens()).await;
    for path in ["/openapi.json", "/docs", "/docs/", "/docs/style.css"] {
        assert_eq!(house.get(path).await.status, 200, "{path}");
        let refused = house.call(Method::POST, path).send().await;
        assert_eq!(
            (refused.status, refused.header("allow")),
            (405, "GET"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn every_problem_is_explained_under_its_name_with_its_status() {
    let page = page().await;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi/README.md");
    let readme = fs::read_to_string(path).unwrap();
    let (_, explained) = readme.split_once("\n## Problems\n").unwrap();
    let (_, table) = page.split_once("<section id=\"problems\">").unwrap();
    let (table, _) = table.split_once("</section>").unwrap();
    let names = values(table, "id");
    for name in &names {
        let (_, row) = table.split_once(&format!("id=\"{name}\"")).unwrap();
        let (_, status) = row.split_once("<td>").unwrap();
        let heading = format!("### {name}\n\n{}. ", &status[..3]);
        assert!(explained.contains(&heading), "{heading}");
    }
    assert_eq!(explained.matches("\n### ").count(), names.len());
}
