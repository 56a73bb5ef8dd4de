//! The process may die anywhere, and the store may fail anywhere.

use registrywatcher::app::Advance;

use super::house::{House, image, repository, tag};

async fn running_v1() -> House {
    let house = House::with_workload("registry.example/acme/web:v1.0.0").await;
    house.push("v1.0.0", 1);
    house.turn().await;
    house
}

#[tokio::test]
async fn a_change_made_while_the_service_was_down_is_found() {
    let mut house = running_v1().await;
    house
        .registry
        .publish(&repository(), &tag("v1.1.0"), image(2));
    house.restart().await;
    house.turn().await;
    house.assert_runs("web", 2);
}

#[tokio::test]
async fn a_deployment_goes_on_after_a_crash_at_any_step_and_is_applied_once() {
    for steps in 0..6 {
        let mut house = running_v1().await;
        house.push("v1.1.0", 2);
        house.clock.advance(std::time::Duration::from_mins(1));
        house.poll().await;
        let id = house.app.open_deployments()[0];
        for _ in 0..steps {
            if house.app.advance(id, std::future::pending()).await == Advance::Ended {
                break;
            }
        }
        house.restart().await;
        house.drive().await;
        house.turn().await;
        house.assert_runs("web", 2);
        assert_eq!(
            house.deployer.applied(),
            [id],
            "crashed after {steps} steps"
        );
        assert_eq!(house.history(), [("v1.1.0".to_owned(), "succeeded")]);
    }
}

#[tokio::test]
async fn an_answer_of_the_orchestrator_that_got_lost_does_not_deploy_twice() {
    let house = running_v1().await;
    house.deployer.lose_next_answer();
    house.push("v1.1.0", 2);
    house.turn().await;
    house.assert_runs("web", 2);
    assert_eq!(house.deployer.applied().len(), 1);
    assert_eq!(house.history(), [("v1.1.0".to_owned(), "succeeded")]);
}

#[tokio::test]
async fn a_commit_whose_answer_got_lost_is_not_done_twice_and_goes_on() {
    let house = running_v1().await;
    house.push("v1.1.0", 2);
    house.store.fail_after_commit_next();
    house.turn().await;
    house.turn().await;
    house.assert_runs("web", 2);
    assert_eq!(house.history(), [("v1.1.0".to_owned(), "succeeded")]);
}

#[tokio::test]
async fn a_store_that_is_away_for_a_while_delays_but_loses_nothing() {
    let house = running_v1().await;
    house.push("v1.1.0", 2);
    house.store.fail_next(3);
    for _ in 0..5 {
        house.turn().await;
    }
    house.assert_runs("web", 2);
    assert_eq!(house.history(), [("v1.1.0".to_owned(), "succeeded")]);
}

#[tokio::test]
async fn a_decision_tells_that_the_store_is_away_until_it_is_back() {
    let house = running_v1().await;
    house.push("v1.1.0", 2);
    house.store.fail_next(u32::MAX);
    for _ in 0..2 {
        house.turn().await;
        assert_eq!(house.holds(), ["store_unavailable"]);
    }
    house.store.fail_next(0);
    house.turn().await;
    assert_eq!(house.holds(), Vec::<&str>::new());
    house.assert_runs("web", 2);
}

#[tokio::test]
async fn a_store_that_can_be_read_and_not_written_is_told_until_it_can() {
    let house = running_v1().await;
    house.push("v1.1.0", 2);
    house.store.fail_next(u32::MAX);
    house.turn().await;
    house.store.fail_next(0);
    assert!(house.app.check_store().await.is_err());
    house.turn().await;
    assert!(house.app.check_store().await.is_ok());
    house.assert_runs("web", 2);
}

#[tokio::test]
async fn what_the_orchestrator_reverted_while_we_were_away_is_judged_not_applied_again() {
    let mut house = running_v1().await;
    house.deployer.hold_rollouts();
    house.push("v1.1.0", 2);
    house.turn().await;
    house.deployer.fail_next_image("unhealthy", true);
    house.deployer.finish(
        "web",
        registrywatcher::ports::Progress::Failed {
            reason: registrywatcher::deployment::Failure::Image {
                message: "unhealthy".to_owned(),
            },
            restored: true,
        },
    );
    house.restart().await;
    house.drive().await;
    house.turn().await;
    assert_eq!(house.history(), [("v1.1.0".to_owned(), "failed")]);
    assert_eq!(house.holds(), ["quarantined"]);
    assert_eq!(house.deployer.applied().len(), 1);
}

#[tokio::test]
async fn an_orchestrator_that_is_down_is_tried_again_with_pauses() {
    let house = running_v1().await;
    house.push("v1.1.0", 2);
    house.clock.advance(std::time::Duration::from_mins(1));
    house.poll().await;
    house.deployer.break_down();
    house.drive().await;
    assert_eq!(house.history().last().unwrap().1, "failed");
    house.poll().await;
    assert_eq!(house.holds(), ["running_unknown", "backing_off"]);
    house.deployer.recover();
    house.turn().await;
    house.assert_runs("web", 2);
    assert_eq!(house.holds(), Vec::<&str>::new());
}

#[tokio::test]
async fn a_workload_that_refuses_is_not_hammered() {
    let house = running_v1().await;
    house.deployer.refuse_next("the job is stopped");
    house.push("v1.1.0", 2);
    house.clock.advance(std::time::Duration::from_mins(1));
    house.poll().await;
    house.drive().await;
    assert_eq!(house.history(), [("v1.1.0".to_owned(), "failed")]);
    assert_eq!(house.holds(), ["backing_off"]);
}
