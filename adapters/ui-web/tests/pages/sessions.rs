//! Signing in and out.

use std::time::Duration;

use poem::http::header::SET_COOKIE;
use registrywatcher::token::Role;

use super::house::{House, settings, token};

async fn house() -> House {
    House::with(
        vec![
            token("ada", Role::Admin, None),
            token("bob", Role::Viewer, None),
        ],
        &[],
    )
    .await
}

#[tokio::test]
async fn whoever_is_not_signed_in_is_led_to_the_form_and_back() {
    let house = house().await;
    let browser = house.browser();
    browser.get("/").await.assert_leads_to("/sign-in");
    let led = browser.get("/events?watch=web").await;
    led.assert_leads_to("/sign-in?then=%2Fevents%3Fwatch%3Dweb");
    let form = browser.get(led.header("location")).await.form("/sign-in");
    let answer = browser.submit(&form.fill("token", "ada")).await;
    answer.assert_leads_to("/sign-in?then=%2Fevents%3Fwatch%3Dweb&begun=1");
    let led = browser.get(answer.header("location")).await;
    led.assert_leads_to("/events?watch=web");
    browser.get("/events").await.assert_says("ada admin");
}

#[tokio::test]
async fn the_cookie_is_for_this_host_alone_and_no_script_reads_it() {
    let house = house().await;
    let browser = house.browser();
    let form = browser.get("/sign-in").await.form("/sign-in");
    let answer = browser.submit(&form.fill("token", "ada")).await;
    let cookie = answer.headers.get(SET_COOKIE).unwrap().to_str().unwrap();
    assert!(cookie.starts_with("__Host-registrywatcher="), "{cookie}");
    for part in [
        "Path=/",
        "HttpOnly",
        "SameSite=Strict",
        "Secure",
        "Max-Age=604800",
    ] {
        assert!(
            cookie.split("; ").any(|it| it == part),
            "no {part} in {cookie}"
        );
    }
    assert!(!cookie.contains("ada"), "the token is not in it");
}

#[tokio::test]
async fn a_browser_that_keeps_no_cookie_is_told_why_it_is_not_signed_in() {
    let house = house().await;
    let page = house.browser().get("/sign-in?then=%2F&begun=1").await;
    page.assert_says("your browser did not keep the session");
}

#[tokio::test]
async fn nobody_is_led_to_another_site() {
    let house = house().await;
    for then in [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "evil",
    ] {
        let browser = house.browser();
        let form = browser.get("/sign-in").await.form("/sign-in");
        let answer = browser
            .submit(&form.fill("then", then).fill("token", "ada"))
            .await;
        answer.assert_leads_to("/sign-in?then=%2F&begun=1");
    }
}

#[tokio::test]
async fn a_wrong_token_is_refused_and_too_many_are_not_looked_at() {
    let house = house().await;
    let browser = house.browser();
    let form = browser.get("/sign-in").await.form("/sign-in");
    for _ in 0..5 {
        let refused = browser.submit(&form.clone().fill("token", "guess")).await;
        assert_eq!(refused.status, 401);
        refused.assert_says("This token is not known");
    }
    let refused = browser.submit(&form.fill("token", "ada")).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, "30"));
    assert_eq!(browser.cookie(), None);
}

#[tokio::test]
async fn a_session_ends_when_somebody_signs_out() {
    let house = house().await;
    let ada = house.signed_in("ada").await;
    let other = house.signed_in("ada").await;
    let stolen = ada.cookie().unwrap();
    let form = ada.get("/").await.form("/sign-out");
    ada.submit(&form)
        .await
        .assert_leads_to("/sign-in?did=sign-out");
    assert_eq!(ada.cookie(), None);
    let again = house
        .browser()
        .send(poem::http::Method::GET, "/", &[("cookie", &stolen)], None)
        .await;
    again.assert_leads_to("/sign-in");
    assert_eq!(
        other.get("/").await.status,
        200,
        "each session is one of its own"
    );
}

#[tokio::test]
async fn a_session_ends_when_its_token_is_revoked() {
    let house = house().await;
    let ada = house.signed_in("ada").await;
    let form = ada
        .get("/watches/web/auto-off")
        .await
        .form("/watches/web/auto-off");
    house.door.revoke("ada");
    let refused = ada.submit(&form).await;
    assert_eq!(refused.status, 401);
    refused.assert_says("You are not signed in any more.");
    ada.get("/").await.assert_leads_to("/sign-in");
    assert!(house.intent().auto_deploy);
}

#[tokio::test]
async fn a_session_ends_when_nobody_uses_it_and_after_a_week_at_the_latest() {
    let house = house().await;
    let (idle, lifetime) = (settings().session_idle, settings().session_lifetime);
    let ada = house.signed_in("ada").await;
    house
        .clock
        .advance(idle.checked_sub(Duration::from_mins(1)).unwrap());
    assert_eq!(ada.get("/").await.status, 200);
    house.clock.advance(idle);
    ada.get("/").await.assert_leads_to("/sign-in");

    let bob = house.signed_in("bob").await;
    let began = house.now();
    while house.now() < began + lifetime - idle {
        house.clock.advance(idle / 2);
        assert_eq!(bob.get("/").await.status, 200);
    }
    house.clock.advance(idle / 2);
    bob.get("/").await;
    house.clock.advance(idle / 2);
    bob.get("/").await.assert_leads_to("/sign-in");
}

#[tokio::test]
async fn a_made_up_cookie_opens_nothing() {
    let house = house().await;
    for cookie in [
        "__Host-registrywatcher=ada",
        "__Host-registrywatcher=",
        "registrywatcher=x",
        "ada",
    ] {
        let headers = [("cookie", cookie)];
        let answer = house
            .browser()
            .send(poem::http::Method::GET, "/", &headers, None)
            .await;
        answer.assert_leads_to("/sign-in");
    }
}
