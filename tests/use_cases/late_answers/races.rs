//! Two operators ask at the same time, and the store answers the one who came first last.

use std::sync::Arc;

use registrywatcher::app::{App, Asked, CommandError, DeployNow};
use registrywatcher::event::{Event, EventKind};
use registrywatcher::intent::Once;
use registrywatcher::ports::{EventQuery, EventRange};

use super::super::house::{operator, tag, watch};
use super::{Street, poll};

async fn demand(app: Arc<App>, content: u64) -> Result<Asked, CommandError> {
    let demand = DeployNow {
        once: Some(Once::new(7, content)),
        ..DeployNow::default()
    };
    let name = watch(&["web"]).name;
    app.deploy_now(&name, &demand, &operator()).await
}

async fn times_told(app: &App, is_it: impl Fn(&EventKind) -> bool) -> usize {
    let query = EventQuery {
        watch: None,
        range: EventRange::After(0),
        limit: 100,
    };
    let events: Vec<Event> = app.events(&query).await.unwrap();
    events.iter().filter(|event| is_it(&event.kind)).count()
}

/// The first demand has looked whether it was made before when the second one is made, by the same process or another.
async fn race(is_shared: bool, contents: [u64; 2]) -> (Arc<App>, [Result<Asked, CommandError>; 2]) {
    let street = Street::new();
    let app = street.start().await;
    app.renew_leases().await.unwrap();
    let other = if is_shared {
        street.start().await
    } else {
        Arc::clone(&app)
    };
    let answer = street.store.hold_answer("events", 2);
    let first = tokio::spawn(demand(Arc::clone(&app), contents[0]));
    answer.is_waiting().await;
    let second = demand(other, contents[1]).await;
    answer.release();
    (app, [first.await.unwrap(), second])
}

#[tokio::test]
async fn demands_under_one_key_that_race_are_one_whichever_process_takes_them() {
    for is_shared in [false, true] {
        let (app, [first, second]) = race(is_shared, [1, 1]).await;
        assert_eq!(first.unwrap(), second.unwrap(), "shared: {is_shared}");
        let asked = |kind: &EventKind| matches!(kind, EventKind::DeploymentAsked { .. });
        assert_eq!(times_told(&app, asked).await, 1, "shared: {is_shared}");
    }
}

#[tokio::test]
async fn of_two_different_demands_under_one_key_that_race_one_is_refused() {
    for is_shared in [false, true] {
        let (app, [first, second]) = race(is_shared, [1, 2]).await;
        let taken = second.unwrap().request;
        match first {
            Err(CommandError::AskedOtherwise { request }) => assert_eq!(request, taken),
            other => panic!("refused, got {other:?}"),
        }
        let asked = |kind: &EventKind| matches!(kind, EventKind::DeploymentAsked { .. });
        assert_eq!(times_told(&app, asked).await, 1, "shared: {is_shared}");
    }
}

#[tokio::test]
async fn what_was_given_up_a_moment_ago_is_not_promoted() {
    let street = Street::new();
    let app = street.start().await;
    app.renew_leases().await.unwrap();
    street.deployer.hold_at_canaries(tag("v1.1.0"));
    poll(Arc::clone(&app)).await;
    let id = app.open_deployments()[0];
    for _ in 0..3 {
        app.advance(id, std::future::pending()).await;
    }
    let answer = street.store.hold_answer("deployments", 1);
    let promoting = Arc::clone(&app);
    let promoting = tokio::spawn(async move { promoting.promote(id, &operator()).await });
    answer.is_waiting().await;
    app.abandon(id, "it is Friday", &operator()).await.unwrap();
    answer.release();
    let refused = promoting.await.unwrap();
    assert!(
        matches!(refused, Err(CommandError::NotAwaitingPromotion { deployment }) if deployment == id),
        "refused, got {refused:?}"
    );
    let promoted = |kind: &EventKind| matches!(kind, EventKind::PromotionAsked { .. });
    assert_eq!(times_told(&app, promoted).await, 0);
}
