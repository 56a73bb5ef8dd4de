use registrywatcher_simulator::{Authentication, TokenMembers};

use super::*;

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
