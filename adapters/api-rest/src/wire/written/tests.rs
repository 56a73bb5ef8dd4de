use poem_openapi::types::{ParseFromJSON, ToJSON};
use serde_json::{Value, json};

use crate::wire::Watch;

/// Reads `watch` as the framework does, and demands that what is written is what the framework would write, and all of it.
#[track_caller]
fn is_written_as_documented(watch: &Value) {
    let read = Watch::parse_from_json(Some(watch.clone())).unwrap();
    assert_eq!(read.to_json().as_ref(), Some(watch));
    assert_eq!(serde_json::to_value(&read).unwrap(), *watch);
}

fn freeze(stops: &str) -> Value {
    json!({
        "until": "2026-11-25T00:00:00.000000Z", "reason": "an audit", "by": "ops", "since": "2026-11-24T00:00:00.000000Z",
        "stops": stops,
    })
}

fn full(status: &str, mode: &str, target: &str) -> Value {
    json!({
        "name": "web", "repository": "ghcr.io/acme/web", "policy": "semver *", "mode": mode, "discovered": true, "status": status,
        "intent": {
            "revision": 7, "target": target, "tag": "v1.0.0", "auto_deploy": false,
            "hold": { "by": "ops", "reason": "why", "since": "2026-11-24T00:00:00.000001Z", "past_tag": "v1.0.1" },
        },
        "wanted": { "tag": "v1.0.0", "digest": "sha256:aa", "fault": "none" },
        "listing": { "at": "2026-11-24T00:00:00.123456Z", "fault": "no \"answer\"", "count": 2 },
        "requests": [{
            "id": "00000000-0000-4000-8000-000000000001", "by": "ops", "tag": "v1.0.0", "digest": "sha256:aa",
            "workloads": ["production:web"], "created_at": "2026-11-24T00:00:00.000000Z",
            "expires_at": "2026-11-24T01:00:00.000000Z",
        }],
        "freeze": freeze("everything"), "freeze_of_all": freeze("automatic"), "attended": true, "quarantined": 1,
        "workloads": [], "tags": ["v1.0.0", "v1.0.1"],
    })
}

fn workload(state: &str, origin: &str, outcome: &str) -> Value {
    json!({
        "name": "production:web", "unit": "default/web",
        "running": {
            "state": state, "fault": "why", "tag": "v1", "digest": "sha256:bb", "origin": origin, "platform": "linux/amd64",
        },
        "decision": {
            "outcome": outcome, "since": "2026-11-24T00:00:00.000000Z", "message": "so", "tag": "v1", "digest": "sha256:bb",
            "cause": { "name": "drift", "message": "drifted" },
            "reasons": [{ "name": "frozen", "message": "it is", "until": "2026-11-25T00:00:00.000000Z" }],
            "earliest": "2026-11-25T00:00:00.000000Z",
        },
        "failed": {
            "deployment": "00000000-0000-4000-8000-000000000002", "tag": "v2", "digest": "sha256:cc", "reason": "crashed",
            "restored": true,
        },
        "deployment": "00000000-0000-4000-8000-000000000003", "progress": "1 of 2",
    })
}

#[test]
fn a_watch_is_written_as_the_document_says() {
    for (status, mode, target) in [
        ("deploying", "deploy", "pin"),
        ("failed", "observe", "track"),
        ("held", "deploy", "track"),
        ("unknown", "deploy", "track"),
        ("up_to_date", "deploy", "track"),
    ] {
        is_written_as_documented(&full(status, mode, target));
    }
}

#[test]
fn a_workload_is_written_as_the_document_says() {
    let mut watch = full("held", "deploy", "pin");
    watch["workloads"] = json!([
        workload("unknown", "ours", "deploy"),
        workload("nothing", "assumed", "up_to_date"),
        workload("image", "outside", "hold"),
        { "name": "staging:web", "unit": "default/web", "running": { "state": "nothing" } },
    ]);
    is_written_as_documented(&watch);
}

#[test]
fn what_is_not_known_is_left_out() {
    is_written_as_documented(&json!({
        "name": "web", "repository": "ghcr.io/acme/web", "policy": "semver *", "mode": "deploy", "discovered": false,
        "status": "unknown",
        "intent": { "revision": 0, "target": "track", "auto_deploy": true },
        "wanted": {}, "listing": {}, "requests": [], "attended": false, "workloads": [],
    }));
}
