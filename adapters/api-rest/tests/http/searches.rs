//! Finding watches among many.

use poem::http::Method;
use serde_json::Value;

use super::house::{Differences, House};
use super::tokens::limited;

const OTHERS: [&str; 4] = ["api", "billing", "web-next", "worker"];

async fn many() -> House {
    let house = House::with(Differences {
        others: OTHERS.to_vec(),
        tokens: vec![
            limited("willa", &["web*"]),
            limited("otto", &["website"]),
            super::roles::token("ada", registrywatcher::token::Role::Admin),
        ],
        ..Differences::default()
    })
    .await;
    house.turn().await;
    house
}

fn names(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().unwrap().iter();
    items.map(|item| item["name"].as_str().unwrap()).collect()
}

impl House {
    async fn find(&self, name: &str, query: &str) -> Value {
        let path = format!("/api/v1/watches?{query}");
        let answer = self.call_as(name, Method::GET, &path).await;
        assert_eq!(answer.status, 200, "{query}: {answer:?}");
        answer.body
    }
}

#[track_caller]
fn assert_found(page: &Value, expected: &[&str]) {
    assert_eq!(names(page), expected);
}

#[tokio::test]
async fn watches_are_found_by_a_part_of_their_name_or_repository() {
    let house = many().await;
    for (search, found) in [
        ("WEB", vec!["web", "web-next"]),
        ("acme%2Fw", vec!["web", "web-next", "worker"]),
        ("next", vec!["web-next"]),
        ("website", vec![]),
        ("", vec!["api", "billing", "web", "web-next", "worker"]),
    ] {
        let page = house.find("ada", &format!("search={search}")).await;
        assert_found(&page, &found);
    }
}

#[tokio::test]
async fn watches_are_found_by_how_they_are() {
    let house = many().await;
    house.deployer.fail_next_image("it crashed", true);
    house.push_to("api", "v1.1.0", 2);
    house.turn().await;
    house
        .call(Method::PATCH, "/api/v1/watches/billing/intent")
        .header("authorization", "Bearer secret of ada")
        .json(&serde_json::json!({ "auto_deploy": false }))
        .send()
        .await;
    house.push_to("billing", "v1.1.0", 2);
    house.deployer.hold_rollouts();
    house.push_to("worker", "v1.1.0", 2);
    house.turn().await;
    for (status, found) in [
        ("failed", vec!["api"]),
        ("held", vec!["billing"]),
        ("deploying", vec!["worker"]),
        ("up_to_date", vec!["web", "web-next"]),
        ("unknown", vec![]),
        ("up_to_date&search=next", vec!["web-next"]),
    ] {
        let page = house.find("ada", &format!("status={status}")).await;
        assert_found(&page, &found);
        for item in page["items"].as_array().unwrap() {
            assert_eq!(item["status"], status.split('&').next().unwrap());
        }
    }
    let unheard_of = house
        .call_as("ada", Method::GET, "/api/v1/watches?status=fine")
        .await;
    assert_eq!((unheard_of.status, unheard_of.problem()), (400, "invalid"));
    assert_eq!(unheard_of.body["errors"][0]["name"], "status");
}

#[tokio::test]
async fn watches_are_listed_page_by_page() {
    let house = many().await;
    let all = ["api", "billing", "web", "web-next", "worker"];
    for limit in 1..=6 {
        let (mut found, mut after, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let page = house.find("ada", &format!("limit={limit}{after}")).await;
            found.extend(names(&page).iter().map(ToString::to_string));
            pages += 1;
            let Some(next) = page.get("next") else { break };
            after = format!("&after={}", next.as_str().unwrap());
        }
        assert_eq!(found, all, "limit {limit}");
        assert_eq!(pages, all.len().div_ceil(limit), "limit {limit}");
    }
    let malformed = house
        .call_as("ada", Method::GET, "/api/v1/watches?after=-")
        .await;
    assert_eq!((malformed.status, malformed.problem()), (400, "invalid"));
    assert_eq!(malformed.body["errors"][0]["name"], "after");
}

#[tokio::test]
async fn a_limited_token_finds_its_watches_alone() {
    let house = many().await;
    assert_found(&house.find("willa", "").await, &["web", "web-next"]);
    let first = house.find("willa", "limit=1").await;
    assert_found(&first, &["web"]);
    assert_eq!(first["next"], "web");
    let second = house.find("willa", "limit=1&after=web").await;
    assert_found(&second, &["web-next"]);
    assert_eq!(second.get("next"), None);
    assert_found(&house.find("willa", "search=api").await, &[]);
    assert_found(&house.find("otto", "").await, &[]);
}
