//! What holds for every request.

use poem::http::Method;
use regex::Regex;
use registrywatcher::token::Role;

use super::house::{House, token};

#[tokio::test]
async fn every_answer_forbids_what_is_not_ours() {
    let house = House::with(vec![token("ada", Role::Admin, None)], &[]).await;
    let ada = house.signed_in("ada").await;
    for path in [
        "/",
        "/watches/web",
        "/nothing",
        "/watches/nobody",
        "/sign-in",
        "/assets/none.css",
        "/live",
    ] {
        let answer = ada.get(path).await;
        let policy = answer.header("content-security-policy");
        for part in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ] {
            assert!(
                policy.split("; ").any(|it| it == part),
                "{path}: no {part} in {policy}"
            );
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        let keeps = answer.header("cache-control");
        assert!(["no-store", "no-cache"].contains(&keeps), "{path}: {keeps}");
    }
}

#[tokio::test]
async fn pages_hold_no_inline_script_or_style_and_load_only_what_is_ours() {
    let house = House::new().await;
    house.release("v1.1.0", 2).await;
    let browser = house.browser();
    let inline =
        Regex::new(r#"<style|<script(?: |>)(?:[^>]*src="/assets/)?|\sstyle=|\son[a-z]+="#).unwrap();
    let loads = Regex::new(r#"(?:src|<link[^>]*href)="([^"]*)""#).unwrap();
    for path in [
        "/",
        "/watches/web",
        "/watches/web/hold",
        "/events",
        "/registries",
        "/freeze",
        "/nothing",
    ] {
        let page = browser.get(path).await;
        for found in inline.find_iter(&page.body) {
            assert!(
                found.as_str().ends_with("src=\"/assets/"),
                "{path}: {}",
                found.as_str()
            );
        }
        for found in loads.captures_iter(&page.body) {
            assert!(found[1].starts_with("/assets/"), "{path}: {}", &found[1]);
        }
    }
}

#[tokio::test]
async fn what_pages_load_is_kept_for_good_under_an_address_of_its_content() {
    let house = House::new().await;
    let browser = house.browser();
    let page = browser.get("/").await;
    let loads = Regex::new(r#"="(/assets/[a-z]+-[0-9a-f]{12}\.[a-z]+)""#).unwrap();
    let loaded: Vec<&str> = loads
        .captures_iter(&page.body)
        .map(|found| found.get(1).unwrap().as_str())
        .collect();
    assert_eq!(loaded.len(), 3, "{loaded:?}");
    for path in loaded {
        let asset = browser.get(path).await;
        assert_eq!(asset.status, 200, "{path}");
        assert_eq!(
            asset.header("cache-control"),
            "public, max-age=31536000, immutable"
        );
    }
    assert_eq!(
        browser.get("/assets/style-000000000000.css").await.status,
        404
    );
}

#[tokio::test]
async fn a_form_of_another_site_is_refused() {
    let house = House::with(vec![token("ada", Role::Admin, None)], &[]).await;
    let ada = house.signed_in("ada").await;
    let form = ada
        .get("/watches/web/auto-off")
        .await
        .form("/watches/web/auto-off");
    for headers in [
        [("sec-fetch-site", "cross-site")],
        [("sec-fetch-site", "same-site")],
        [("origin", "https://evil.example")],
        [("origin", "null")],
    ] {
        let refused = ada.submit_from(&form, &headers).await;
        assert_eq!(refused.status, 403, "{headers:?}");
    }
    assert!(house.intent().auto_deploy);
    let ours = [("origin", "http://localhost:8080")];
    assert_eq!(ada.submit_from(&form, &ours).await.status, 303);
}

#[tokio::test]
async fn a_form_without_the_secret_of_the_session_is_refused() {
    let tokens = vec![
        token("ada", Role::Admin, None),
        token("eve", Role::Admin, None),
    ];
    let house = House::with(tokens, &[]).await;
    let (ada, eve) = (house.signed_in("ada").await, house.signed_in("eve").await);
    let form = ada
        .get("/watches/web/auto-off")
        .await
        .form("/watches/web/auto-off");
    let of_eve = eve.get("/").await.form("/sign-out").fields[0].1.clone();
    for wrong in ["", "guess", of_eve.as_str()] {
        let refused = ada.submit(&form.clone().fill("form_token", wrong)).await;
        assert_eq!(refused.status, 403, "{wrong:?}");
        refused.assert_says("This form is not accepted.");
    }
    assert!(house.intent().auto_deploy);
}

#[tokio::test]
async fn without_tokens_forms_carry_a_secret_as_well_and_only_this_machine_is_answered() {
    let house = House::new().await;
    let browser = house.browser();
    let form = browser
        .get("/watches/web/auto-off")
        .await
        .form("/watches/web/auto-off");
    let refused = browser
        .submit(&form.clone().fill("form_token", "guess"))
        .await;
    assert_eq!(refused.status, 403);
    let elsewhere = house
        .client
        .get("/")
        .header("host", "rebound.example")
        .send()
        .await;
    elsewhere.assert_status(poem::http::StatusCode::FORBIDDEN);
    assert_eq!(browser.submit(&form).await.status, 303);
}

#[tokio::test]
async fn other_methods_and_bodies_are_refused_as_a_page() {
    let house = House::new().await;
    let browser = house.browser();
    let form = browser
        .get("/watches/web/auto-off")
        .await
        .form("/watches/web/auto-off");
    let token = &form.fields[0].1;
    let body = format!("form_token={token}");
    let answer = browser
        .send(Method::POST, "/events", &[], Some(body.clone()))
        .await;
    assert_eq!(answer.status, 405);
    answer.assert_says("This address does not work like that.");
    let large = format!("{body}&reason={}", "x".repeat(5000));
    let answer = browser
        .send(Method::POST, "/watches/web/hold", &[], Some(large))
        .await;
    assert_eq!(answer.status, 413);
    let json = house
        .client
        .post("/watches/web/hold")
        .header("host", "localhost")
        .content_type("application/json")
        .body("{}")
        .send()
        .await;
    json.assert_status(poem::http::StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[test]
fn the_paths_of_pages_are_known() {
    for path in [
        "/",
        "/watches/web",
        "/deployments/1/abandon",
        "/events",
        "/freeze/end",
        "/sign-out",
        "/live",
    ] {
        assert!(registrywatcher_ui_web::serves(path), "{path}");
    }
    for path in [
        "/api/v1/watches",
        "/tags/web",
        "/repos",
        "/ping",
        "/metrics",
        "/healthz",
        "/docs",
        "/debug/caches",
    ] {
        assert!(!registrywatcher_ui_web::serves(path), "{path}");
    }
}
