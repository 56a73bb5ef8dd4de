use super::*;

#[track_caller]
fn supersedes(case: &str, world: &World, text: &str, why: Cause) {
    let nine: Option<DeploymentId> = Some(deployment_id(9));
    assert_eq!(deploys(case, world, text, why).supersedes, nine, "{case}");
}

#[test]
fn a_request_takes_the_place_of_a_deployment_of_the_same_workload() {
    for state in [
        State::Requested,
        State::Applying { since: at(0) },
        rolling(),
    ] {
        let name = state.name();
        let world = World::after(|w| {
            w.rolls_out("1.1.0", image(2), state);
            w.request("0.9.0", image(7));
        });
        supersedes(name, &world, "0.9.0", requested());
    }
}

#[test]
fn nobody_takes_the_place_of_another_workload_of_the_unit() {
    let sibling = |change: fn(&mut Deployment)| {
        World::after(|w| {
            w.rolls_out("1.1.0", image(2), rolling());
            change(w.in_flight.as_mut().unwrap());
            w.request("0.9.0", image(7));
        })
    };
    let world = sibling(|deployment| deployment.workload = workload("sidecar"));
    holds("a sibling in the same job", &world, &["in_flight"]);
    let world = sibling(|deployment| deployment.watch = "sidecar".parse().unwrap());
    holds("another watch of the same job", &world, &["in_flight"]);
}

#[test]
fn an_automatic_deployment_waits_for_a_rollout() {
    let world = with_newer(|w| w.rolls_out("1.0.5", image(3), rolling()));
    holds("rolling out an older one", &world, &["in_flight"]);
}

#[test]
fn an_unpromoted_rollout_gives_way_to_something_newer() {
    let canaries =
        |text: &str, n| with_newer(|w| w.rolls_out(text, image(n), awaiting_promotion()));
    let cause = || newer("1.0.0", "1.1.0");
    supersedes("a higher version", &canaries("1.0.5", 3), "1.1.0", cause());
    supersedes(
        "another image under its tag",
        &canaries("1.1.0", 3),
        "1.1.0",
        cause(),
    );
    holds("its own image", &canaries("1.1.0", 2), &["in_flight"]);
    holds("something older", &canaries("1.2.0", 3), &["in_flight"]);
}

#[test]
fn an_unpromoted_rollout_of_a_sibling_does_not_give_way() {
    let world = with_newer(|w| {
        w.rolls_out("1.0.5", image(3), awaiting_promotion());
        w.in_flight.as_mut().unwrap().workload = workload("sidecar");
    });
    holds("a sibling in the same job", &world, &["in_flight"]);
}
