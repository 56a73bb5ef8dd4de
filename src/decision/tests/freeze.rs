use super::*;
use crate::freeze::Stops;

#[test]
fn the_freeze_that_lasts_longest_says_when_it_ends() {
    let world = with_newer(|w| {
        w.freeze(60, Stops::Everything);
        w.freeze(3600, Stops::Automatic);
    });
    let hold = holds("two freezes", &world, &["frozen"]);
    assert_eq!(hold.earliest, Some(at(3600)));
    assert_eq!(
        hold.reasons[0].to_string(),
        "kim froze deployments until 2023-11-14 23:13:20Z: holidays"
    );
}

#[test]
fn a_request_passes_a_freeze_of_what_nobody_asked_for_and_others_only_if_it_overrides_them() {
    let asked = |stops, overrides_freeze| {
        World::after(|w| {
            w.freeze(60, stops);
            w.request("1.0.0", image(1));
            let request = w.request.as_mut().unwrap();
            request.overrides_freeze = overrides_freeze;
        })
    };
    let automatic = asked(Stops::Automatic, false);
    deploys(
        "automatic ones are frozen",
        &automatic,
        "1.0.0",
        requested(),
    );
    holds("frozen", &asked(Stops::Everything, false), &["frozen"]);
    let overriding = asked(Stops::Everything, true);
    deploys("an admin insists", &overriding, "1.0.0", requested());
}
