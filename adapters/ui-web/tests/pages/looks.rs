//! What pages show.

use registrywatcher::app::NewFreeze;
use registrywatcher::deployment::DeploymentId;
use registrywatcher::intent::Author;
use registrywatcher_conformance::samples;
use std::time::Duration;
use uuid::Uuid;

use super::house::House;

#[tokio::test]
async fn the_overview_tells_what_runs_and_why() {
    let house = House::new().await;
    house.release("v1.1.0", 2).await;
    let page = house.browser().get("/").await;
    assert_eq!(page.status, 200);
    page.assert_says("web registry.example/acme/web");
    page.assert_says("Up to date with v1.1.0.");
    page.assert_says(samples::digest(2).short());
    assert!(
        page.body
            .contains("The one deployment: 1 succeeded, 0 failed")
    );
}

#[tokio::test]
async fn what_needs_a_person_comes_first() {
    let house = House::with(Vec::new(), &["api", "zoo"]).await;
    house.deployer.fail_next_image("exit code 1", true);
    house.release("v1.1.0", 2).await;
    let page = house.browser().get("/").await;
    let text = page.text();
    let place = |words: &str| {
        text.find(words)
            .unwrap_or_else(|| panic!("no {words} in {text}"))
    };
    assert!(place("Needs a person") < place("acme/web"));
    assert!(place("acme/web") < place("All others"));
    assert!(place("All others") < place("acme/api"));
    page.assert_says("this image failed in an earlier deployment");

    let urgent = house.browser().get("/?status=urgent").await;
    assert!(urgent.text().contains("acme/web") && !urgent.text().contains("acme/api"));
}

#[tokio::test]
async fn watches_are_searched_filtered_and_paged_by_the_address() {
    let names: Vec<String> = (0..120).map(|n| format!("shop-{n:03}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let house = House::with(Vec::new(), &names).await;
    let browser = house.browser();
    let found = browser.get("/?q=SHOP-01").await;
    assert_eq!(found.body.matches("<li class=\"watch\">").count(), 10);

    let first = browser.get("/?status=up_to_date").await;
    assert_eq!(first.body.matches("<li class=\"watch\">").count(), 50);
    assert!(
        first
            .body
            .contains("href=\"/?status=up_to_date&#38;after=shop-049\""),
        "{}",
        first.body
    );
    let second = browser.get("/?status=up_to_date&after=shop-049").await;
    second.assert_says("shop-050");
    assert!(!second.text().contains("shop-049 "));
    let last = browser.get("/?after=shop-110").await;
    assert!(!last.body.contains("rel=\"next\""));

    browser
        .get("/?q=nothing")
        .await
        .assert_says("No watch is like this");
    browser
        .get("/?status=nonsense")
        .await
        .assert_says("No watch is like this");
}

#[tokio::test]
async fn a_watch_tells_its_tags_and_why_each_is_or_is_not_a_candidate() {
    let house = House::new().await;
    house.push("nightly", 9);
    house.release("v1.1.0", 2).await;
    let browser = house.browser();
    let page = browser.get("/watches/web").await;
    page.assert_says("Up to date with v1.1.0.");
    page.assert_says("v1.1.0 runs");
    page.assert_says("wanted");
    page.assert_says("The policy admits 2 tags and leaves 1 out.");
    page.assert_says("Auto-deploy is on");
    assert!(
        page.body.contains("<option value=\"v1.1.0\">"),
        "{}",
        page.body
    );
    let all = browser.get("/watches/web/tags").await;
    all.assert_says("not a candidate not a version");
    all.assert_says("1.1.0");
}

#[tokio::test]
async fn a_watch_shows_its_deployments_as_a_picture_and_as_a_table() {
    let house = House::new().await;
    house.release("v1.1.0", 2).await;
    house.deployer.fail_next_image("exit code 1", true);
    house.release("v1.2.0", 3).await;
    let page = house.browser().get("/watches/web").await;
    page.assert_says("1 succeeded, 1 failed");
    page.assert_says("v1.2.0 is newer than v1.1.0");
    page.assert_says("In quarantine");
    page.assert_says("The last deployment failed");
    page.assert_says("exit code 1");
    page.assert_says("The table below tells the same in words.");
    assert!(page.body.contains("<g class=\"bad\">"), "{}", page.body);
}

#[tokio::test]
async fn events_are_paged_and_chosen_by_watch() {
    let house = House::with(Vec::new(), &["api"]).await;
    for n in 2..20 {
        house.release(&format!("v1.{n}.0"), n).await;
    }
    let browser = house.browser();
    let page = browser.get("/events").await;
    page.assert_says("runs and is healthy");
    assert_eq!(page.body.matches("<li class=\"event\">").count(), 60);
    let older = page.body.split("href=\"/events?before=").nth(1).unwrap();
    let older = older.split('"').next().unwrap();
    let older = browser.get(&format!("/events?before={older}")).await;
    older.assert_says("Newest");
    let of_api = browser.get("/events?watch=api").await;
    assert!(!of_api.text().contains("healthy"));
    assert_eq!(browser.get("/events?watch=nobody").await.status, 404);
}

#[tokio::test]
async fn registries_tell_how_they_are() {
    let house = House::new().await;
    let browser = house.browser();
    browser
        .get("/registries")
        .await
        .assert_says("registry.example well");
    house
        .registry
        .set_fault(Some(registrywatcher_memory::RegistryFault::Unavailable));
    house.turn().await;
    let page = browser.get("/registries").await;
    page.assert_says("cannot be asked");
    browser.get("/").await.assert_says("Needs a person");
}

#[tokio::test]
async fn a_freeze_stands_on_every_page_with_its_reason_and_end() {
    let house = House::new().await;
    let freeze = NewFreeze {
        watch: None,
        until: house.now() + Duration::from_hours(1),
        reason: "the fair".to_owned(),
    };
    house
        .app
        .freeze(&freeze, &Author::new("ada"))
        .await
        .unwrap();
    for path in ["/", "/watches/web", "/events", "/registries", "/freeze"] {
        let page = house.browser().get(path).await;
        page.assert_says("Deployments are frozen until");
        page.assert_says("by ada: the fair");
    }
}

#[tokio::test]
async fn what_others_write_is_text_and_never_markup() {
    let house = House::new().await;
    let hostile = "<img src=x onerror=alert(1)>\"'&";
    house.deployer.fail_next_image(hostile, true);
    house.release("v1.1.0", 2).await;
    let id = house.last_deployment().id;
    let browser = house.browser();
    let search = "/?q=%3Cscript%3Ealert(1)%3C/script%3E%22";
    let deployment = format!("/deployments/{id}");
    for path in ["/", "/watches/web", "/events", &deployment, search] {
        let page = browser.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(
            !page.body.contains("<img") && !page.body.contains("<script>"),
            "{}",
            page.body
        );
    }
    let told = browser.get(&deployment).await;
    assert!(told.body.contains("&#60;img src=x"), "{}", told.body);
}

#[tokio::test]
async fn what_is_not_there_is_told_as_a_page() {
    let house = House::new().await;
    let browser = house.browser();
    let unknown = DeploymentId(Uuid::from_u128(1));
    for path in [
        "/watches/nobody",
        "/watches/%3Cb%3E",
        "/watches/web/nothing",
        &format!("/deployments/{unknown}"),
        "/deployments/nonsense",
    ] {
        let page = browser.get(path).await;
        assert_eq!(page.status, 404, "{path}");
        assert!(page.header("content-type").starts_with("text/html"));
        page.assert_says("There is no such");
    }
}
