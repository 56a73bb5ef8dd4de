use super::*;

fn second(first: Runs) -> World {
    with_newer(|w| w.comes_after("staging", first))
}

#[test]
fn each_workload_follows_the_one_before() {
    let runs = |n| something("1.1.0", image(n), Origin::Ours);
    holds("it runs another image", &second(runs(1)), &["waits_for"]);
    holds("it runs nothing", &second(Runs::Nothing), &["waits_for"]);
    let unknown = Runs::Unknown {
        why: "no leader".into(),
    };
    holds(
        "nobody knows what it runs",
        &second(unknown),
        &["waits_for"],
    );
    deploys(
        "it runs the image",
        &second(runs(2)),
        "1.1.0",
        newer("1.0.0", "1.1.0"),
    );
}

#[test]
fn an_assumed_image_opens_nothing() {
    let world = second(something("1.1.0", image(2), Origin::Assumed));
    holds("assumed", &world, &["waits_for"]);
}

#[test]
fn a_rollout_that_has_not_ended_opens_nothing() {
    let mut world = second(something("1.1.0", image(2), Origin::Ours));
    world.before[0].in_flight = true;
    holds("replaced at this moment", &world, &["waits_for"]);
}

#[test]
fn all_that_stand_before_must_run_it() {
    let mut world = second(something("1.0.0", image(1), Origin::Ours));
    world.comes_after("canary", something("1.1.0", image(2), Origin::Ours));
    let hold = holds("the second of three lags", &world, &["waits_for"]);
    assert_eq!(
        hold.reasons,
        [HoldReason::WaitsFor {
            workload: workload("staging")
        }]
    );
}

#[test]
fn parallel_drops_the_order() {
    let mut world = second(Runs::Nothing);
    world.watch.parallel = true;
    deploys("parallel", &world, "1.1.0", newer("1.0.0", "1.1.0"));
}

#[test]
fn a_request_follows_the_order_too() {
    let asked = |first: Runs| {
        let mut world = World::after(|w| w.comes_after("staging", first));
        world.request("1.1.0", image(2));
        world
    };
    let ours = |n| something("1.1.0", image(n), Origin::Ours);
    holds(
        "the first is still to be deployed to",
        &asked(ours(1)),
        &["waits_for"],
    );
    holds(
        "even if only to be replaced",
        &asked(ours(2)),
        &["waits_for"],
    );

    let served = |first: Runs| {
        let mut world = asked(first);
        world.request.as_mut().unwrap().pending = vec![workload("web")];
        world
    };
    deploys("the first runs it", &served(ours(2)), "1.1.0", requested());
    holds("the first failed", &served(ours(1)), &["waits_for"]);
    let assumed = something("1.1.0", image(2), Origin::Assumed);
    holds(
        "the first is only assumed to run it",
        &served(assumed),
        &["waits_for"],
    );
    let mut rolling_out = served(ours(2));
    rolling_out.before[0].in_flight = true;
    holds("the first is being replaced", &rolling_out, &["waits_for"]);
}

#[test]
fn a_request_for_one_workload_waits_for_no_other() {
    let mut world = World::after(|w| w.comes_after("staging", Runs::Nothing));
    world.request("1.1.0", image(2));
    let request = world.request.as_mut().unwrap();
    (request.pending, request.single) = (vec![workload("web")], true);
    deploys("named alone", &world, "1.1.0", requested());
}
