use super::*;

/// `latest` runs without a digest and was never deployed by us; the registry has it as `image(1)`.
fn unpinned(change: fn(&mut World)) -> World {
    World::after(|w| {
        w.watch.policy = policy(Order::Tag(tag("latest")));
        w.push("latest", image(1));
        w.never_deployed();
        w.runs(Some("latest"), None, Origin::Outside);
        change(w);
    })
}

fn assume(w: &mut World) {
    w.adopted = Some(candidate("latest", image(1)));
    w.runs(Some("latest"), Some(image(1)), Origin::Assumed);
}

#[test]
fn nothing_is_restarted_to_learn_a_digest() {
    up_to_date("what the tag pointed to at first sight", &unpinned(assume));
}

#[test]
fn a_tag_that_moves_after_adoption_is_deployed() {
    let world = unpinned(|w| {
        assume(w);
        w.push("latest", image(2));
    });
    deploys("pushed again", &world, "latest", digest_changed("latest"));

    let world = unpinned(|w| {
        assume(w);
        w.watch.policy = policy(Order::semver("*").unwrap());
        w.push("1.0.0", image(2));
    });
    deploys(
        "a policy of versions",
        &world,
        "1.0.0",
        newer("latest", "1.0.0"),
    );
}

#[test]
fn a_running_tag_must_be_known_before_anything_is_restarted() {
    let unknown = |change: fn(&mut World)| {
        World::after(|w| {
            w.never_deployed();
            w.runs(Some("0.9.0"), None, Origin::Outside);
            change(w);
        })
    };
    holds("not asked for yet", &unknown(|_| {}), &["registry_unknown"]);
    holds(
        "asking for it failed",
        &unknown(|w| w.fail_resolving("0.9.0")),
        &["registry_unknown"],
    );
    deploys(
        "the registry has it no more",
        &unknown(|w| w.delete("0.9.0")),
        "1.0.0",
        newer("0.9.0", "1.0.0"),
    );
    deploys(
        "a request",
        &unknown(|w| w.request("1.0.0", image(1))),
        "1.0.0",
        requested(),
    );
}

#[test]
fn adopt_redeploy_pins_it_at_once() {
    let world = unpinned(|w| w.watch.adopt = AdoptMode::Redeploy);
    deploys(
        "the digest is not known",
        &world,
        "latest",
        Cause::FirstDeploy,
    );

    let world = World::after(|w| {
        w.watch.adopt = AdoptMode::Redeploy;
        w.never_deployed();
        w.runs(Some("0.9.0"), None, Origin::Outside);
    });
    deploys(
        "nobody asks what it was",
        &world,
        "1.0.0",
        newer("0.9.0", "1.0.0"),
    );
}

#[test]
fn an_adopted_workload_that_changes_is_changed_outside() {
    let world = unpinned(|w| {
        w.adopted = Some(candidate("latest", image(1)));
        w.runs(None, Some(image(8)), Origin::Outside);
    });
    holds("somebody else deployed", &world, &["changed_outside"]);
}
