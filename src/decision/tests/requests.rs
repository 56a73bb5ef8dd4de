use super::*;

#[test]
fn a_request_passes_the_gates_that_keep_automatic_deployments_back() {
    let case = |case, change: fn(&mut World)| {
        let world = World::after(|w| {
            change(w);
            w.request("0.9.0", image(7));
        });
        let deploy = deploys(case, &world, "0.9.0", requested());
        assert!(!deploy.forced, "{case}: it does not run yet");
    };
    case("auto-deploy off", |w| w.intent.auto_deploy = false);
    case("lower than what runs", |w| w.deployed("2.0.0", image(8)));
    case("held by an operator", |w| {
        w.hold_past(Some(candidate("2.0.0", image(8))));
    });
    case("changed outside", |w| {
        w.runs(None, Some(image(8)), Origin::Outside);
    });
    case("quarantined", |w| w.quarantine("0.9.0", image(7)));
    case("deployed just now", |w| w.last_automatic = Some(w.now));
    case("backing off", |w| {
        w.setback = Some(Setback {
            consecutive: 9,
            last: w.now,
            deployment: deployment_id(0),
        });
    });
    case("another pin", |w| w.pin("1.0.0"));
}

#[test]
fn a_request_stops_where_nothing_can_be_deployed() {
    let asked = |change: fn(&mut World)| {
        World::after(|w| {
            w.request("0.9.0", image(7));
            change(w);
        })
    };
    holds(
        "a watch that observes",
        &asked(|w| w.watch.mode = Mode::Observe),
        &["observe_only"],
    );
    let unknown = asked(|w| {
        w.runs = Runs::Unknown {
            why: "no leader".into(),
        }
    });
    holds("nobody knows what runs", &unknown, &["running_unknown"]);
}

#[test]
fn a_request_for_what_runs_is_forced() {
    let world = World::after(|w| w.request("1.0.0", image(1)));
    assert!(deploys("redeploy", &world, "1.0.0", requested()).forced);

    let world = World::after(|w| {
        w.deployed("1.0.0", index(1, &[("linux/amd64", 10)]));
        w.request("1.1.0", index(2, &[("linux/amd64", 10)]));
    });
    assert!(deploys("the same image, signed again", &world, "1.1.0", requested()).forced);
}

#[test]
fn nothing_automatic_is_forced_or_supersedes() {
    let deploy = deploys(
        "newer",
        &with_newer(|_| {}),
        "1.1.0",
        newer("1.0.0", "1.1.0"),
    );
    assert_eq!((deploy.forced, deploy.supersedes), (false, None));
}
