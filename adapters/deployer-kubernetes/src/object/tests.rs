use super::*;
use serde_json::json;

#[test]
fn counters_that_are_left_out_are_zero_and_replicas_are_one() {
    let object = Object::new(Kind::Deployment, json!({ "spec": {}, "status": {} }));
    assert_eq!((object.count("updatedReplicas"), object.replicas()), (0, 1));
}

#[test]
fn a_status_is_of_the_specification_only_once_it_says_so() {
    for (generation, observed, expected) in [
        (3, json!(3), true),
        (3, json!(4), true),
        (3, json!(2), false),
        (3, json!(null), false),
        (0, json!(0), false),
    ] {
        let object = Object::new(
            Kind::StatefulSet,
            json!({ "metadata": { "generation": generation }, "status": { "observedGeneration": observed } }),
        );
        assert_eq!(object.is_observed(), expected, "{generation} {observed}");
    }
}
