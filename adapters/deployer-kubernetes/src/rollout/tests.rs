//! The rules of `kubectl rollout status`, row by row.

use registrywatcher_conformance::samples;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;

/// Judges a status of an object whose container has the image that is wanted, and our mark.
fn judged(kind: Kind, spec: Value, status: Value, pods: Vec<Pod>) -> Progress {
    let id = DeploymentId(Uuid::from_u128(1));
    let image = samples::image(2);
    let mut object = json!({
        "metadata": { "uid": "u", "generation": 2 },
        "spec": { "template": {
            "metadata": { "annotations": { "app.registrywatcher.io/deployment": id.to_string() } },
            "spec": { "containers": [{ "name": "app", "image": format!("team/web@{}", image.digest) }] },
        } },
        "status": { "observedGeneration": 2 },
    });
    for (part, fields) in [("spec", spec), ("status", status)] {
        for (field, value) in fields.as_object().unwrap() {
            object[part][field] = value.clone();
        }
    }
    judge_object(Object::new(kind, object), pods)
}

fn judge_object(object: Object, pods: Vec<Pod>) -> Progress {
    let facts = Facts {
        object: Some(object),
        pods,
        now: samples::at(0),
    };
    let handle = Handle {
        uid: "u".into(),
        generation: 2,
        container: "app".into(),
        before: Some("team/web:v1".into()),
        unchanged: false,
    };
    let expected = Expected {
        id: DeploymentId(Uuid::from_u128(1)),
        image: &samples::image(2),
        previous: None,
        handle: &handle,
        grace: Duration::from_mins(1),
    };
    judge(&facts, &expected)
}

#[track_caller]
fn waits(kind: Kind, spec: &Value, status: &Value, words: &str) {
    match judged(kind, spec.clone(), status.clone(), Vec::new()) {
        Progress::Rolling { detail } => assert_eq!(detail, words, "{spec} {status}"),
        other => panic!("{spec} {status}: {other:?}"),
    }
}

#[track_caller]
fn succeeds(kind: Kind, spec: &Value, status: &Value) {
    let progress = judged(kind, spec.clone(), status.clone(), Vec::new());
    assert_eq!(progress, Progress::Succeeded, "{spec} {status}");
}

#[test]
fn a_deployment_is_complete_once_only_new_pods_run_and_all_are_available() {
    let three = json!({ "replicas": 3 });
    for (replicas, updated, available, words) in [
        (3, 0, 3, "0 of 3 pods are new"),
        (4, 2, 4, "2 of 3 pods are new"),
        (4, 3, 4, "1 old pods still run"),
        (3, 3, 2, "2 of 3 new pods are available"),
    ] {
        let status = json!({
            "replicas": replicas, "updatedReplicas": updated, "availableReplicas": available,
        });
        waits(Kind::Deployment, &three, &status, words);
    }
    let all = |n| json!({ "replicas": n, "updatedReplicas": n, "availableReplicas": n });
    succeeds(Kind::Deployment, &three, &all(3));
    succeeds(Kind::Deployment, &json!({}), &all(1));
    succeeds(Kind::Deployment, &json!({ "replicas": 0 }), &json!({}));
    waits(
        Kind::Deployment,
        &json!({}),
        &json!({ "observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1 }),
        "its controller has not seen the change yet",
    );
}

#[test]
fn a_deadline_that_passed_fails_a_deployment_whatever_its_counters_are() {
    let status = json!({
        "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1,
        "conditions": [{ "type": "Progressing", "reason": "ProgressDeadlineExceeded", "message": "late" }],
    });
    let progress = judged(Kind::Deployment, json!({}), status, Vec::new());
    let reason = Failure::Orchestrator {
        message: "late".into(),
    };
    assert_eq!(progress, failed(reason));
}

#[test]
fn a_daemon_set_is_complete_once_each_node_has_a_new_pod_that_is_available() {
    let rolling = json!({ "updateStrategy": { "type": "RollingUpdate" } });
    let status = |desired, updated, available| {
        json!({
            "desiredNumberScheduled": desired, "updatedNumberScheduled": updated,
            "numberAvailable": available,
        })
    };
    let daemons = Kind::DaemonSet;
    waits(daemons, &rolling, &status(3, 2, 3), "2 of 3 pods are new");
    let words = "2 of 3 pods are available";
    waits(daemons, &rolling, &status(3, 3, 2), words);
    succeeds(daemons, &rolling, &status(3, 3, 3));
    succeeds(daemons, &rolling, &status(0, 0, 0));
}

#[test]
fn a_stateful_set_is_complete_once_its_new_pods_are_ready() {
    let strategy = |rolling: Value| {
        json!({
            "replicas": 3,
            "updateStrategy": { "type": "RollingUpdate", "rollingUpdate": rolling },
        })
    };
    let status = |ready, updated, current: &str| {
        json!({
            "readyReplicas": ready, "updatedReplicas": updated,
            "currentRevision": current, "updateRevision": "b",
        })
    };
    let (set, plain) = (Kind::StatefulSet, strategy(json!({ "partition": 0 })));
    waits(set, &plain, &status(3, 2, "a"), "2 of 3 pods are new");
    waits(set, &plain, &status(2, 3, "a"), "2 of 3 pods are ready");
    succeeds(set, &plain, &status(3, 3, "a"));

    let canary = strategy(json!({ "partition": 2 }));
    waits(set, &canary, &status(3, 0, "a"), "0 of 1 pods are new");
    succeeds(set, &canary, &status(3, 1, "a"));

    let unsaid = strategy(Value::Null);
    let words = "the revision is not complete";
    waits(set, &unsaid, &status(3, 3, "a"), words);
    succeeds(set, &unsaid, &status(3, 3, "b"));

    let mut patient = plain;
    patient["minReadySeconds"] = json!(10);
    let words = "0 of 3 pods are available";
    waits(set, &patient, &status(3, 3, "b"), words);
}

/// A pod of ours whose containers wait for these reasons.
fn pod(waiting: &[(&str, &str)]) -> Pod {
    let statuses: Vec<_> = waiting
        .iter()
        .map(|(name, reason)| json!({ "name": name, "state": { "waiting": { "reason": reason } } }))
        .collect();
    let id = Uuid::from_u128(1).to_string();
    Pod::new(json!({
        "metadata": {
            "name": "web-1", "creationTimestamp": "2027-01-01T00:00:00Z",
            "annotations": { "app.registrywatcher.io/deployment": id },
        },
        "status": { "containerStatuses": statuses },
    }))
}

#[test]
fn only_the_container_that_was_deployed_is_blamed_by_its_image() {
    let status = json!({ "replicas": 1 });
    for (pods, by_image) in [
        (vec![pod(&[("proxy", "CrashLoopBackOff")])], false),
        (vec![pod(&[("app", "CrashLoopBackOff")])], true),
        (
            vec![
                pod(&[("app", "ImagePullBackOff")]),
                pod(&[("app", "CrashLoopBackOff")]),
            ],
            true,
        ),
    ] {
        let progress = judged(Kind::Deployment, json!({}), status.clone(), pods);
        let Progress::Failed { reason, .. } = progress else {
            panic!("{progress:?}")
        };
        assert_eq!(reason.blames_image(), by_image, "{reason}");
    }
}

#[test]
fn pods_of_another_deployment_or_that_are_ending_prove_nothing() {
    let crashed = |field: &str, value: Value| {
        let mut raw = pod(&[("app", "CrashLoopBackOff")]).raw().clone();
        raw["metadata"][field] = value;
        Pod::new(raw)
    };
    for pod in [
        crashed("annotations", json!({})),
        crashed("deletionTimestamp", json!("2027-01-15T00:00:00Z")),
    ] {
        let progress = judged(
            Kind::Deployment,
            json!({}),
            json!({ "replicas": 1 }),
            vec![pod],
        );
        assert!(matches!(progress, Progress::Rolling { .. }), "{progress:?}");
    }
}

#[test]
fn an_object_that_is_older_than_our_patch_says_nothing_yet() {
    let object = |uid: &str, generation: u64| {
        let containers = json!([{ "name": "app", "image": "team/web:v1" }]);
        let raw = json!({
            "metadata": { "uid": uid, "generation": generation },
            "spec": { "template": { "spec": { "containers": containers } } },
        });
        judge_object(Object::new(Kind::Deployment, raw), Vec::new())
    };
    assert!(matches!(object("u", 1), Progress::Rolling { .. }));
    assert!(matches!(
        object("u", 3),
        Progress::Failed { restored: true, .. }
    ));
    assert!(matches!(
        object("another", 1),
        Progress::Failed { restored: true, .. }
    ));
}

#[test]
fn only_a_broken_pod_that_the_rollout_would_replace_anyway_is_stuck() {
    let stuck_pod = |spec: Value, name: &str, revision: &str| {
        let mut raw = pod(&[("app", "CrashLoopBackOff")]).raw().clone();
        raw["metadata"]["name"] = name.into();
        raw["metadata"]["labels"] = json!({ "controller-revision-hash": revision });
        raw["metadata"]["ownerReferences"] = json!([{ "uid": "u" }]);
        let raw_object = json!({
            "metadata": { "uid": "u", "generation": 2 }, "spec": spec,
            "status": { "observedGeneration": 2, "updateRevision": "new" },
        });
        let facts = Facts {
            object: Some(Object::new(Kind::StatefulSet, raw_object)),
            pods: vec![Pod::new(raw)],
            now: samples::at(0),
        };
        stuck(&facts, Duration::from_mins(1)).is_some()
    };
    let partition = json!({ "updateStrategy": { "rollingUpdate": { "partition": 1 } } });
    assert!(stuck_pod(json!({}), "queue-0", "old"));
    assert!(!stuck_pod(json!({}), "queue-0", "new"));
    assert!(stuck_pod(partition.clone(), "queue-1", "old"));
    assert!(!stuck_pod(partition, "queue-0", "old"));
    let parallel = json!({ "podManagementPolicy": "Parallel" });
    assert!(!stuck_pod(parallel, "queue-0", "old"));
    let by_hand = json!({ "updateStrategy": { "type": "OnDelete" } });
    assert!(!stuck_pod(by_hand, "queue-0", "old"));
}
