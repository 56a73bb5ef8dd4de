//! What people do, by forms alone.

use registrywatcher::app::{HoldChange, IntentChange};
use registrywatcher::intent::{Author, Target};
use registrywatcher_conformance::samples;

use super::house::{House, WATCH};

/// A house that runs the third of three releases.
async fn house() -> House {
    let house = House::new().await;
    house.release("v1.1.0", 2).await;
    house.release("v1.2.0", 3).await;
    house
}

#[tokio::test]
async fn an_older_tag_is_deployed_after_it_was_said_what_happens() {
    let house = house().await;
    let browser = house.browser();
    let path = "/watches/web/deploy?tag=v1.1.0";
    let asked = browser.get(path).await;
    asked.assert_says("Deploy v1.1.0 to web?");
    asked.assert_says("production:job=web From v1.2.0");
    asked.assert_says("to v1.1.0");
    asked.assert_says("held until something newer appears");
    house.assert_runs(3);

    let done = browser.confirm(path).await;
    done.assert_leads_to("/watches/web?did=deploy");
    house.drive().await;
    house.assert_runs(2);
    let page = browser.get("/watches/web?did=deploy").await;
    page.assert_says("The deployment is asked for");
    page.assert_says("requested by anonymous");
}

#[tokio::test]
async fn a_form_that_is_sent_twice_deploys_once() {
    let house = house().await;
    let browser = house.browser();
    for verb in ["deploy", "roll-back"] {
        let before = house.deployments();
        let form = browser
            .get(&format!("/watches/web/{verb}?tag=v1.1.0"))
            .await;
        let form = form.form(&format!("/watches/web/{verb}"));
        for _ in 0..2 {
            let answer = browser.submit(&form).await;
            answer.assert_leads_to(&format!("/watches/web?did={verb}"));
            house.drive().await;
        }
        assert_eq!(house.deployments(), before + 1, "{verb}");
    }
}

#[tokio::test]
async fn a_watch_is_rolled_back_to_what_ran_well_before() {
    let house = house().await;
    let browser = house.browser();
    let asked = browser.get("/watches/web/roll-back").await;
    asked.assert_says("Roll web back to v1.1.0?");
    browser.confirm("/watches/web/roll-back").await;
    house.drive().await;
    house.assert_runs(2);
    browser.get("/").await.assert_says("held");
}

#[tokio::test]
async fn a_roll_back_that_would_go_elsewhere_by_now_is_refused() {
    let house = house().await;
    let browser = house.browser();
    let form = browser.get("/watches/web/roll-back").await;
    let form = form.form("/watches/web/roll-back");
    house.release("v1.3.0", 4).await;
    let refused = browser.submit(&form).await;
    assert_eq!(refused.status, 409);
    refused.assert_says("Your page was out of date.");
    house.drive().await;
    house.assert_runs(4);
}

#[tokio::test]
async fn a_watch_is_pinned_and_tracks_again() {
    let house = house().await;
    let browser = house.browser();
    let pinned = browser.confirm("/watches/web/pin?tag=v1.0.0").await;
    pinned.assert_leads_to("/watches/web?did=pin");
    house.drive().await;
    house.assert_runs(1);
    assert_eq!(house.intent().target, Target::Pin(samples::tag("v1.0.0")));
    browser
        .get("/watches/web")
        .await
        .assert_says("pinned to v1.0.0");

    let asked = browser.get("/watches/web/track").await;
    asked.assert_says("picks v1.2.0");
    browser.confirm("/watches/web/track").await;
    assert_eq!(house.intent().target, Target::Track);
}

#[tokio::test]
async fn auto_deploy_is_turned_off_and_on() {
    let house = house().await;
    let browser = house.browser();
    browser.confirm("/watches/web/auto-off").await;
    house.release("v1.3.0", 4).await;
    house.assert_runs(3);
    browser
        .get("/")
        .await
        .assert_says("Holding v1.3.0: auto-deploy is off.");
    let asked = browser.get("/watches/web/auto-on").await;
    asked.assert_says("to v1.3.0");
    browser.confirm("/watches/web/auto-on").await;
    house.drive().await;
    house.assert_runs(4);
}

#[tokio::test]
async fn a_watch_is_held_for_a_reason_and_let_go() {
    let house = house().await;
    let browser = house.browser();
    let form = browser
        .get("/watches/web/hold")
        .await
        .form("/watches/web/hold");
    let without = browser.submit(&form).await;
    assert_eq!(without.status, 422);
    without.assert_says("Give a reason");
    browser.submit(&form.fill("reason", "the fair")).await;
    assert_eq!(house.intent().hold.unwrap().reason, "the fair");
    browser
        .get("/watches/web")
        .await
        .assert_says("the fair, by anonymous");
    browser.confirm("/watches/web/let-go").await;
    assert_eq!(house.intent().hold, None);
}

#[tokio::test]
async fn a_form_that_was_decided_on_an_older_page_is_refused_and_explained() {
    let house = house().await;
    let browser = house.browser();
    let form = browser.get("/watches/web/auto-off").await;
    let form = form.form("/watches/web/auto-off");
    let hold = IntentChange {
        hold: Some(HoldChange::Hold {
            reason: "somebody else".to_owned(),
        }),
        ..IntentChange::default()
    };
    let ada = Author::new("ada");
    let name = WATCH.parse().unwrap();
    house.app.change_intent(&name, &hold, &ada).await.unwrap();
    let refused = browser.submit(&form).await;
    assert_eq!(refused.status, 409);
    refused.assert_says("Somebody changed what is wanted of this watch");
    assert!(house.intent().auto_deploy);
}

#[tokio::test]
async fn a_switch_that_is_sent_twice_is_turned_once() {
    let house = house().await;
    let browser = house.browser();
    for verb in ["auto-off", "auto-on", "pin"] {
        let form = browser
            .get(&format!("/watches/web/{verb}?tag=v1.1.0"))
            .await;
        let form = form.form(&format!("/watches/web/{verb}"));
        browser.submit(&form).await;
        let revision = house.intent().revision;
        let again = browser.submit(&form).await;
        again.assert_leads_to(&format!("/watches/web?did={verb}"));
        assert_eq!(house.intent().revision, revision, "{verb}");
    }
}

#[tokio::test]
async fn a_watch_is_checked_at_once() {
    let house = house().await;
    let browser = house.browser();
    house.push("v1.3.0", 4);
    house.clock.advance(std::time::Duration::from_mins(1));
    let form = browser.get("/watches/web").await.form("/watches/web/check");
    browser
        .submit(&form)
        .await
        .assert_leads_to("/watches/web?did=check");
    house.drive().await;
    house.assert_runs(4);
}

#[tokio::test]
async fn an_image_is_released_from_quarantine() {
    let house = house().await;
    let browser = house.browser();
    house.deployer.fail_next_image("exit code 1", true);
    house.release("v1.3.0", 4).await;
    let id = house.last_deployment().id;
    let path = format!("/watches/web/release?deployment={id}");
    let asked = browser.get(&path).await;
    asked.assert_says("exit code 1");
    let form = asked.form("/watches/web/release");
    for _ in 0..2 {
        browser
            .submit(&form)
            .await
            .assert_leads_to("/watches/web?did=release");
    }
    assert_eq!(
        house.app.quarantine(&WATCH.parse().unwrap()),
        Some(Vec::new())
    );
    house.clock.advance(std::time::Duration::from_mins(5));
    house.turn().await;
    house.assert_runs(4);
    assert_eq!(browser.get(&path).await.status, 422);
}

#[tokio::test]
async fn one_watch_and_all_are_frozen_and_not() {
    let house = house().await;
    let browser = house.browser();
    for (begin, end, led) in [
        (
            "/watches/web/freeze",
            "/watches/web/unfreeze",
            "/watches/web",
        ),
        ("/freeze/begin", "/freeze/end", "/freeze"),
    ] {
        let form = browser.get(begin).await.form(begin);
        let form = form.fill("minutes", "90").fill("reason", "the fair");
        for wrong in ["", "0", "soon", "99999999"] {
            let refused = browser.submit(&form.clone().fill("minutes", wrong)).await;
            assert_eq!(refused.status, 422, "{wrong}");
        }
        browser
            .submit(&form)
            .await
            .assert_leads_to(&format!("{led}?did=freeze"));
        browser.get(led).await.assert_says("the fair");
        house.push("v1.9.0", 9);
        house.turn().await;
        house.assert_runs(3);
        let refused = browser.confirm("/watches/web/deploy?tag=v1.1.0").await;
        assert_eq!(refused.status, 409);
        refused.assert_says("Deployments are frozen");
        house.registry.remove_tag(
            &"registry.example/acme/web".parse().unwrap(),
            &samples::tag("v1.9.0"),
        );
        house.turn().await;
        browser
            .confirm(end)
            .await
            .assert_leads_to(&format!("{led}?did=unfreeze"));
    }
    assert_eq!(house.app.frozen(), None);
}

#[tokio::test]
async fn an_admin_may_override_a_freeze() {
    let house = house().await;
    let browser = house.browser();
    let form = browser.get("/freeze/begin").await.form("/freeze/begin");
    browser
        .submit(&form.fill("minutes", "60").fill("reason", "the fair"))
        .await;
    let asked = browser.get("/watches/web/deploy?tag=v1.1.0").await;
    asked.assert_says("anonymous froze deployments: the fair.");
    asked.assert_says("Deploy although deployments are frozen");
    let form = asked.form("/watches/web/deploy").fill("override", "1");
    browser
        .submit(&form)
        .await
        .assert_leads_to("/watches/web?did=deploy");
    house.drive().await;
    house.assert_runs(2);
}

#[tokio::test]
async fn what_cannot_be_done_changes_nothing_and_is_explained() {
    let house = house().await;
    let browser = house.browser();
    let before = house.deployments();
    let unknown = browser.confirm("/watches/web/deploy?tag=v9.9.9").await;
    assert_eq!(unknown.status, 422);
    unknown.assert_says("The registry does not have this tag.");
    for path in [
        "/watches/web/deploy",
        "/watches/web/deploy?tag=a%2Fb",
        "/watches/web/deploy?tag=v1.1.0&workload=nobody",
    ] {
        let refused = browser.get(path).await;
        assert_eq!(refused.status, 422, "{path}");
    }
    house
        .registry
        .set_fault(Some(registrywatcher_memory::RegistryFault::Unavailable));
    let silent = browser.confirm("/watches/web/deploy?tag=v1.1.0").await;
    assert_eq!(silent.status, 503);
    silent.assert_says("nothing was changed");
    assert_eq!(house.deployments(), before);
}

#[tokio::test]
async fn what_is_missing_or_wrong_is_told_with_what_was_written() {
    let house = House::new().await;
    let browser = house.browser();
    let missing = browser.get("/watches/web/deploy").await;
    assert_eq!(missing.status, 422);
    missing.assert_says("Give the tag to deploy.");
    let wrong = browser.get("/watches/web/deploy?tag=a%2Fb").await;
    assert_eq!(wrong.status, 422);
    wrong.assert_says("`a/b` is not the tag to deploy: `/` cannot appear at position 1 of a tag.");
}
