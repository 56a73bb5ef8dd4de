use registrywatcher::deployment::DeploymentId;
use registrywatcher::intent::Candidate;
use registrywatcher::ports::Apply;
use registrywatcher_conformance::samples::{digest, image, tag, workload};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Mode, Spec, Wanted};

fn apply(forced: bool) -> Apply {
    Apply {
        id: DeploymentId(Uuid::from_u128(7)),
        workload: workload("swarm", &[("service", "web")]),
        source: "registry.example:5000/acme/web".parse().unwrap(),
        candidate: Candidate {
            tag: tag("v2"),
            image: image(2),
        },
        forced,
        previous: None,
    }
}

fn edited(spec: &Value, forced: bool, platforms: Option<&Value>) -> Value {
    let apply = apply(forced);
    Spec(spec).with_image(&Wanted {
        apply: &apply,
        platforms,
    })
}

#[test]
fn an_edit_changes_the_image_and_our_mark_and_keeps_what_it_does_not_know() {
    let spec: Value = serde_json::from_str(
        r#"{ "Name": "web", "Labels": { "com.docker.stack.image": "web:v1", "owner": "shop" },
             "TaskTemplate": {
               "ContainerSpec": { "Image": "web:v1", "Labels": { "a": "b" }, "OfTomorrow": [1, null] },
               "Placement": { "Platforms": [{ "Architecture": "arm64", "OS": "linux" }], "MaxReplicas": 2 },
               "ForceUpdate": 18446744073709551614, "Resources": { "Limits": { "NanoCPUs": 1500000000 } } },
             "UpdateConfig": { "MaxFailureRatio": 0.30000001192092896 } }"#,
    )
    .unwrap();
    let platforms = json!([{ "Architecture": "amd64", "OS": "linux" }]);
    let mut expected = spec.clone();
    let template = &mut expected["TaskTemplate"];
    template["ContainerSpec"]["Image"] =
        format!("registry.example:5000/acme/web:v2@{}", digest(2)).into();
    template["ContainerSpec"]["Labels"] = json!({
        "a": "b",
        "registrywatcher.deployment": "00000000-0000-0000-0000-000000000007",
        "registrywatcher.tag": "v2",
        "registrywatcher.digest": digest(2).to_string(),
    });
    template["Placement"]["Platforms"] = platforms.clone();
    expected["Labels"]["com.docker.stack.image"] = "registry.example:5000/acme/web:v2".into();

    let written = edited(&spec, false, Some(&platforms)).to_string();
    assert_eq!(written, expected.to_string(), "to the last digit");
    expected["TaskTemplate"]["ForceUpdate"] = u64::MAX.into();
    assert_eq!(edited(&spec, true, Some(&platforms)), expected);
}

#[test]
fn an_edit_copes_with_what_docker_leaves_out() {
    let bare = json!({
        "Name": "web", "Labels": null,
        "TaskTemplate": { "ContainerSpec": { "Image": "web:v1", "Labels": null } },
    });
    let edited = edited(&bare, true, Some(&json!([{ "OS": "linux" }])));
    assert_eq!(edited["Labels"], Value::Null);
    let template = &edited["TaskTemplate"];
    assert_eq!(template["ForceUpdate"], 1);
    assert_eq!(template["Placement"]["Platforms"][0]["OS"], "linux");
    assert!(Spec(&edited).template().carries(apply(true).id));
}

#[test]
fn a_mark_counts_beside_the_image_that_it_belongs_to_alone() {
    let mut spec = edited(&json!({ "Name": "web" }), false, None);
    let mark = Spec(&spec).template().mark().unwrap();
    assert_eq!(
        (mark.deployment, mark.tag),
        (apply(false).id, Some(tag("v2")))
    );
    for image in [
        "registry.example:5000/acme/web:v2".to_owned(),
        format!("registry.example:5000/acme/web:v3@{}", digest(3)),
    ] {
        spec["TaskTemplate"]["ContainerSpec"]["Image"] = image.into();
        assert_eq!(Spec(&spec).template().mark(), None);
    }
}

#[test]
fn a_mode_says_how_many_tasks_there_are_to_be() {
    let mode = |mode: Value| Mode::read(&mode);
    assert_eq!(
        mode(json!({ "Replicated": { "Replicas": 3 } })),
        Mode::Replicated(3)
    );
    assert_eq!(mode(json!({ "Replicated": {} })), Mode::Replicated(1));
    assert_eq!(mode(Value::Null), Mode::Replicated(1));
    assert_eq!(mode(json!({ "Global": {} })), Mode::Global);
    let job = json!({ "ReplicatedJob": { "MaxConcurrent": 2, "TotalCompletions": 8 } });
    assert_eq!(mode(job), Mode::ReplicatedJob(8));
    let job = json!({ "ReplicatedJob": { "MaxConcurrent": 2 } });
    assert_eq!(mode(job), Mode::ReplicatedJob(2));
    assert_eq!(mode(json!({ "GlobalJob": {} })), Mode::GlobalJob);
}
