use super::*;
use crate::freeze::Stops;

fn restore() -> Cause {
    Cause::Restore {
        failed: deployment_id(5),
    }
}

/// `1.1.0`, which is `image(2)`, failed and still runs.
fn left_broken(change: impl FnOnce(&mut World)) -> World {
    with_newer(|w| {
        w.failed("1.1.0", image(2), false);
        w.runs(Some("1.1.0"), Some(image(2)), Origin::Ours);
        change(w);
    })
}

#[test]
fn what_succeeded_last_is_brought_back() {
    let world = left_broken(|_| {});
    assert!(!deploys("still broken", &world, "1.0.0", restore()).forced);
    let world = left_broken(|w| w.runs = Runs::Nothing);
    deploys("nothing runs any more", &world, "1.0.0", restore());
    let world = left_broken(|w| {
        w.sees_running = false;
        w.deployed("1.0.0", image(1));
    });
    deploys("nobody can see what runs", &world, "1.0.0", restore());
    let world = left_broken(|w| {
        w.adopted = w.success.take().map(|success| success.candidate);
    });
    deploys("what ran before us", &world, "1.0.0", restore());
}

#[test]
fn bringing_back_passes_what_stops_new_deployments() {
    let case = |case, change: fn(&mut World)| {
        deploys(case, &left_broken(change), "1.0.0", restore());
    };
    case("auto-deploy is off", |w| w.intent.auto_deploy = false);
    case("pinned to what failed", |w| w.pin("1.1.0"));
    case("deployed just now", |w| w.last_automatic = Some(w.now));
    case("the breaker tripped", |w| w.freeze(60, Stops::Automatic));
    case("held", |w| w.hold_past(Some(candidate("1.1.0", image(2)))));
    let frozen = left_broken(|w| w.freeze(60, Stops::Everything));
    holds("somebody froze everything", &frozen, &["frozen"]);
    let failed_again = left_broken(|w| {
        w.setback = Some(Setback {
            consecutive: 1,
            last: w.now,
            deployment: deployment_id(0),
        });
    });
    holds("the orchestrator failed", &failed_again, &["backing_off"]);
}

#[test]
fn nothing_is_brought_back_over_what_somebody_else_did() {
    let world = left_broken(|w| w.runs(Some("1.1.1"), Some(image(3)), Origin::Outside));
    holds(
        "somebody repaired it",
        &world,
        &["would_downgrade", "quarantined"],
    );
    let world = left_broken(|w| w.request("1.1.0", image(2)));
    let deploy = deploys("somebody asks for it", &world, "1.1.0", requested());
    assert!(deploy.forced);
}

#[test]
fn what_failed_is_never_up_to_date() {
    let world = left_broken(|w| w.success = None);
    holds("nothing to bring back", &world, &["quarantined"]);
    let world = left_broken(|w| w.quarantine("1.0.0", image(1)));
    holds("that failed too", &world, &["quarantined"]);
}

#[test]
fn what_was_rolled_back_stays_so_until_something_newer_appears() {
    let rolled_back = |change: fn(&mut World)| {
        with_newer(|w| {
            w.rolled_back("1.1.0", image(2));
            change(w);
        })
    };
    holds("the same", &rolled_back(|_| {}), &["rolled_back"]);
    let world = rolled_back(|w| w.push("1.1.0", image(3)));
    deploys("pushed again", &world, "1.1.0", newer("1.0.0", "1.1.0"));
    let world = rolled_back(|w| w.push("1.2.0", image(3)));
    deploys("a newer one", &world, "1.2.0", newer("1.0.0", "1.2.0"));
    let world = rolled_back(|w| w.request("1.1.0", image(2)));
    deploys("asked for", &world, "1.1.0", requested());
}
