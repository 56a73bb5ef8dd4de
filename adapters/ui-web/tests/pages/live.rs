//! Pages that are followed live.

use futures::StreamExt as _;
use poem::http::StatusCode;
use registrywatcher::token::Role;

use super::house::{House, token};

#[tokio::test]
async fn a_page_is_told_that_something_changed() {
    let house = House::new().await;
    let answer = house
        .client
        .get("/live")
        .header("host", "localhost")
        .send()
        .await;
    answer.assert_status_is_ok();
    let mut stream = Box::pin(answer.0.into_body().into_bytes_stream());
    house.release("v1.1.0", 2).await;
    let told = stream.next().await.unwrap().unwrap();
    assert!(
        String::from_utf8_lossy(&told).contains("event: change"),
        "{told:?}"
    );
}

#[tokio::test]
async fn no_more_pages_are_followed_than_there_are_places() {
    let house = House::new().await;
    let follow = || house.client.get("/live").header("host", "localhost").send();
    let first = follow().await;
    first.assert_status_is_ok();
    follow()
        .await
        .assert_status(StatusCode::SERVICE_UNAVAILABLE);
    drop(first);
    follow().await.assert_status_is_ok();
}

#[tokio::test]
async fn what_one_may_not_see_is_not_told() {
    let tokens = vec![token("shop", Role::Viewer, Some(&["shop"]))];
    let house = House::with(tokens, &["shop"]).await;
    let shop = house.signed_in("shop").await;
    let request = house.client.get("/live").header("host", "localhost");
    let answer = request
        .header("cookie", shop.cookie().unwrap())
        .send()
        .await;
    answer.assert_status_is_ok();
    let mut stream = Box::pin(answer.0.into_body().into_bytes_stream());
    house.release("v1.1.0", 2).await;
    house.door.revoke("shop");
    // The events of `web` are read and passed over; then the token is gone, and the stream ends.
    assert!(stream.next().await.is_none());
}
