//! What each role sees, and may do.

use registrywatcher::token::{Role, Token};

use super::browser::Form;
use super::house::{House, token};

fn tokens() -> Vec<Token> {
    vec![
        token("viewer", Role::Viewer, None),
        token("deployer", Role::Deployer, None),
        token("admin", Role::Admin, None),
        token("shop", Role::Admin, Some(&["web"])),
    ]
}

#[tokio::test]
async fn a_viewer_sees_everything_and_no_dead_buttons() {
    let house = House::with(tokens(), &[]).await;
    house.deployer.hold_rollouts();
    house.release("v1.1.0", 2).await;
    let viewer = house.signed_in("viewer").await;
    let deployment = format!("/deployments/{}", house.last_deployment().id);
    for path in [
        "/",
        "/watches/web",
        "/watches/web/tags",
        "/events",
        "/registries",
        "/freeze",
        &deployment,
    ] {
        let page = viewer.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        let posts = page.body.matches("method=\"post\"").count();
        assert_eq!(posts, 1, "only signing out: {path}");
        assert!(!page.body.contains("data-ask"), "{path}: {}", page.body);
    }
}

#[tokio::test]
async fn a_viewer_may_change_nothing() {
    let house = House::with(tokens(), &[]).await;
    let viewer = house.signed_in("viewer").await;
    let form_token = viewer.get("/").await.form("/sign-out").fields;
    for verb in [
        "deploy?tag=v1.0.0",
        "pin?tag=v1.0.0",
        "track",
        "auto-on",
        "auto-off",
        "hold",
        "let-go",
        "roll-back",
        "release",
        "check",
        "freeze",
        "unfreeze",
    ] {
        let path = format!("/watches/web/{verb}");
        assert_eq!(viewer.get(&path).await.status, 403, "{path}");
        let form = Form {
            action: path.split('?').next().unwrap().to_owned(),
            fields: form_token.clone(),
        };
        let refused = viewer.submit(&form.fill("tag", "v1.0.0")).await;
        assert_eq!(refused.status, 403, "{path}");
        refused.assert_says("You may not do this.");
    }
    assert_eq!(house.intent().revision, 1);
}

#[tokio::test]
async fn a_deployer_deploys_and_does_not_freeze_all() {
    let house = House::with(tokens(), &[]).await;
    house.release("v1.1.0", 2).await;
    let deployer = house.signed_in("deployer").await;
    let done = deployer.confirm("/watches/web/deploy?tag=v1.0.0").await;
    done.assert_leads_to("/watches/web?did=deploy");
    house.drive().await;
    house.assert_runs(1);
    deployer
        .get("/events")
        .await
        .assert_says("deployer asks for v1.0.0");
    assert_eq!(deployer.get("/freeze/begin").await.status, 403);
    let form = deployer.get("/watches/web/deploy?tag=v1.1.0").await;
    let form = form.form("/watches/web/deploy").fill("override", "1");
    assert_eq!(
        deployer.submit(&form).await.status,
        403,
        "only admins override"
    );
}

#[tokio::test]
async fn a_token_for_some_watches_sees_no_others() {
    let house = House::with(tokens(), &["secret"]).await;
    let secret = "secret".parse().unwrap();
    house.app.check(&secret).await.unwrap();
    let shop = house.signed_in("shop").await;
    for path in ["/", "/events", "/registries", "/freeze", "/?q=secret"] {
        let page = shop.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(
            !page.body.contains("acme/secret") && !page.body.contains("/watches/secret"),
            "{path}"
        );
    }
    for path in [
        "/watches/secret",
        "/watches/secret/tags",
        "/watches/secret/hold",
        "/events?watch=secret",
    ] {
        assert_eq!(shop.get(path).await.status, 404, "{path}");
    }
    assert_eq!(shop.get("/watches/web/hold").await.status, 200);
    let refused = shop.get("/freeze/begin").await;
    assert_eq!(refused.status, 403);
    refused.assert_says("Your token is for some watches");
}
