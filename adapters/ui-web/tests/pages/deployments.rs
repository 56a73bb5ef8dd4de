//! A deployment.

use registrywatcher_conformance::samples;

use super::house::House;

#[tokio::test]
async fn a_deployment_tells_its_states_and_who_caused_it() {
    let house = House::new().await;
    house.release("v1.1.0", 2).await;
    let id = house.last_deployment().id;
    let page = house.browser().get(&format!("/deployments/{id}")).await;
    page.assert_says("v1.1.0 on web");
    page.assert_says("v1.1.0 is newer than v1.0.0.");
    let text = page.text();
    let places = [
        "Wanted",
        "The orchestrator is asked",
        "It accepted",
        "is healthy",
    ];
    let places = places.map(|words| {
        text.find(words)
            .unwrap_or_else(|| panic!("no {words} in {text}"))
    });
    assert!(places.is_sorted(), "{text}");
    page.assert_says(samples::digest(2).as_str());
    let link = "href=\"https://orchestrator.example/jobs/web\"";
    assert!(page.body.contains(link), "{}", page.body);
    let watch = house.browser().get("/watches/web").await;
    assert!(watch.body.contains(link), "{}", watch.body);
}

#[tokio::test]
async fn a_deployment_that_failed_tells_the_orchestrators_own_words() {
    let house = House::new().await;
    house
        .deployer
        .fail_next_image("task exited with code 137", true);
    house.release("v1.1.0", 2).await;
    let failed = house.store.all_deployments();
    let failed = failed
        .iter()
        .find(|it| it.tag().as_str() == "v1.1.0")
        .unwrap();
    let page = house
        .browser()
        .get(&format!("/deployments/{}", failed.id))
        .await;
    page.assert_says("task exited with code 137");
    page.assert_says("in quarantine until somebody releases it");
    page.assert_says("What ran before runs again.");
}

#[tokio::test]
async fn canaries_are_promoted() {
    let house = House::new().await;
    house.deployer.hold_at_canaries(samples::tag("v1.1.0"));
    house.release("v1.1.0", 2).await;
    let path = format!("/deployments/{}", house.last_deployment().id);
    let browser = house.browser();
    browser.get("/").await.assert_says("Needs a person");
    browser.get("/").await.assert_says("waits to be promoted");
    let promoted = browser.confirm(&format!("{path}/promote")).await;
    promoted.assert_leads_to(&format!("{path}?did=promote"));
    house.drive().await;
    browser
        .get(&path)
        .await
        .assert_says("It runs, and is healthy");
    let late = browser.get(&format!("{path}/promote")).await;
    assert_eq!(late.status, 409);
}

#[tokio::test]
async fn a_deployment_is_given_up_for_a_reason() {
    let house = House::new().await;
    house.deployer.hold_rollouts();
    house.release("v1.1.0", 2).await;
    let path = format!("/deployments/{}", house.last_deployment().id);
    let browser = house.browser();
    browser.get(&path).await.assert_says("rolling out");
    let asked = browser.get(&format!("{path}/abandon")).await;
    asked.assert_says("Give up the deployment of v1.1.0 to web?");
    let form = asked.form(&format!("{path}/abandon"));
    assert_eq!(browser.submit(&form).await.status, 422);
    let form = form.fill("reason", "too slow");
    for _ in 0..2 {
        let answer = browser.submit(&form).await;
        answer.assert_leads_to(&format!("{path}?did=abandon"));
    }
    let page = browser.get(&path).await;
    page.assert_says("anonymous gave it up: too slow");
    assert!(
        !page.body.contains("/abandon\""),
        "there is nothing to give up any more"
    );
}
