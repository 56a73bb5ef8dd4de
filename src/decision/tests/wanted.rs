use super::*;

#[test]
fn nothing_is_wanted_while_the_registry_is_unknown() {
    let case = |case, change: fn(&mut World)| {
        holds(case, &World::after(change), &["registry_unknown"]);
    };
    case("not asked yet", |w| w.observation = Observation::default());
    case("the last listing failed", World::fail_listing);
    case("the last resolution failed", |w| w.fail_resolving("1.0.0"));
    case("the pinned tag was not asked for yet", |w| w.pin("1.1.0"));
    case("asking for the pinned tag failed", |w| {
        w.pin("1.0.0");
        w.fail_resolving("1.0.0");
    });
    case("asking for the fixed tag failed", |w| {
        w.watch.policy = policy(Order::Tag(tag("1.0.0")));
        w.fail_resolving("1.0.0");
    });
}

#[test]
fn a_registry_fault_is_told_in_its_own_words() {
    let hold = holds(
        "listing failed",
        &World::after(World::fail_listing),
        &["registry_unknown"],
    );
    assert_eq!(
        hold.reasons,
        [HoldReason::RegistryUnknown {
            why: "timed out".into()
        }]
    );
    assert_eq!(
        (hold.candidate, hold.cause, hold.earliest),
        (None, None, None)
    );
}

#[test]
fn no_admitted_tag_is_no_candidate() {
    let case = |case, change: fn(&mut World)| {
        holds(case, &World::after(change), &["no_candidate"]);
    };
    case("no tag in range", |w| {
        w.watch.policy = policy(Order::semver("^2").unwrap());
    });
    case("no tag at all", |w| w.delete("1.0.0"));
    case("the fixed tag is missing", |w| {
        w.watch.policy = policy(Order::Tag(tag("latest")));
        w.delete("latest");
    });
    case("gone between listing and resolution", |w| {
        w.observation
            .record_resolution(&tag("1.0.0"), w.began(), Ok(None));
    });
}

#[test]
fn a_pinned_tag_that_is_gone_holds_the_watch() {
    let world = World::after(|w| {
        w.pin("1.0.0");
        w.delete("1.0.0");
    });
    let hold = holds("pinned tag gone", &world, &["pinned_tag_missing"]);
    assert_eq!(
        hold.reasons,
        [HoldReason::PinnedTagMissing { tag: tag("1.0.0") }]
    );
}

#[test]
fn a_single_tag_needs_no_listing() {
    let world = with_newer(|w| {
        w.pin("1.1.0");
        w.fail_listing();
    });
    deploys("pinned", &world, "1.1.0", Cause::PinChanged);

    let world = World::after(|w| {
        w.watch.policy = policy(Order::Tag(tag("1.0.0")));
        w.push("1.0.0", image(2));
        w.fail_listing();
    });
    deploys(
        "fixed by the policy",
        &world,
        "1.0.0",
        digest_changed("1.0.0"),
    );
}

#[test]
fn a_request_carries_its_own_digest_and_needs_no_observation() {
    let world = World::after(|w| {
        w.observation = Observation::default();
        w.request("0.9.0", image(7));
    });
    let deploy = deploys("nothing observed", &world, "0.9.0", requested());
    assert_eq!(deploy.candidate, candidate("0.9.0", image(7)));

    let world = World::after(|w| {
        w.pin("1.0.0");
        w.delete("1.0.0");
        w.request("1.0.0", image(7));
    });
    deploys("the tag is gone by now", &world, "1.0.0", requested());
}

#[test]
fn the_spelling_that_was_deployed_stays() {
    up_to_date(
        "an alias appears",
        &World::after(|w| w.push("v1.0.0", image(2))),
    );
}

#[test]
fn a_remembered_pick_is_only_used_while_it_holds() {
    let after = |change: fn(&mut World)| {
        World::after(|w| {
            w.push("1.1.0", image(2));
            w.push("v1.1.0", image(3));
            w.remember_pick();
            change(w);
        })
    };
    let newer = |to| Cause::NewerVersion {
        from: tag("1.0.0"),
        to: tag(to),
    };
    let picked = after(|_| ());
    deploys("nothing changed", &picked, "v1.1.0", newer("v1.1.0"));
    let listed = after(|w| w.push("1.2.0", image(4)));
    deploys("another listing", &listed, "1.2.0", newer("1.2.0"));
    let listed = after(|w| w.delete("v1.1.0"));
    deploys("the picked tag is gone", &listed, "1.1.0", newer("1.1.0"));
    let deployed = after(|w| w.last_deployed = Some(tag("1.1.0")));
    deploys("another deployment", &deployed, "1.1.0", newer("1.1.0"));
    let pinned = after(|w| w.pin("1.0.0"));
    up_to_date("another intent", &pinned);
    let failed = after(World::fail_listing);
    holds("no listing", &failed, &["registry_unknown"]);
}
