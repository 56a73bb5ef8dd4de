use serde_json::{Value, json};

const DIGEST: &str = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
const DEPLOYMENT: &str = "01a20cc5-5c4a-7338-b132-3b4d38220eca";
const REQUEST: &str = "01a20cc5-5b10-7f6e-9c70-57ffeb893332";
const WORKLOAD: &str = "production:job=web";

/// An example of each schema that is read or written as a whole.
pub(super) fn all() -> Vec<(&'static str, Value)> {
    let mut examples = vec![("Problem", problem())];
    examples.extend(demands());
    examples.extend(of_watches());
    examples.extend(of_deployments());
    examples.extend(of_the_service());
    examples
}

fn demands() -> [(&'static str, Value); 6] {
    [
        ("IntentChange", json!({ "target": "pin", "tag": "v1.0.0" })),
        ("Abandonment", json!({ "reason": "it hangs" })),
        ("DeploymentDemand", json!({ "tag": "v1.0.0" })),
        ("RollbackDemand", json!({ "workload": WORKLOAD })),
        (
            "FreezeDemand",
            json!({ "until": "2999-12-24T18:00:00Z", "reason": "the holidays" }),
        ),
        ("TagChange", json!({ "pinned_tag": "v1.0.0" })),
    ]
}

fn of_watches() -> [(&'static str, Value); 4] {
    [
        (
            "Intent",
            json!({ "revision": 7, "target": "pin", "tag": "v1.0.0", "auto_deploy": true }),
        ),
        (
            "Tag",
            json!({
                "tag": "v1.4.0",
                "digest": DIGEST,
                "version": "1.4.0",
                "first_seen": "2026-11-24T10:29:00.000000Z",
                "admitted": true,
                "wanted": true,
            }),
        ),
        (
            "Candidate",
            json!({ "tag": "v1.3.9", "version": "1.3.9", "wanted": false, "message": "the policy prefers v1.4.0" }),
        ),
        (
            "Gate",
            json!({
                "name": "frozen",
                "closed": true,
                "message": "ada froze deployments until 2026-12-27 06:00:00Z: the holidays",
                "until": "2026-12-27T06:00:00.000000Z",
            }),
        ),
    ]
}

fn of_deployments() -> [(&'static str, Value); 3] {
    let deployment = json!({
        "id": DEPLOYMENT,
        "watch": "web",
        "workload": WORKLOAD,
        "unit": "production:web",
        "repository": "ghcr.io/acme/web",
        "tag": "v1.4.0",
        "digest": DIGEST,
        "cause": { "name": "requested", "message": "requested by ci" },
        "request": REQUEST,
        "forced": false,
        "previous_tag": "v1.3.9",
        "state": "succeeded",
        "created_at": "2026-11-24T10:30:00.000000Z",
        "deadline": "2026-11-24T11:00:00.000000Z",
        "ended_at": "2026-11-24T10:31:10.000000Z",
    });
    let asked = json!({ "request": REQUEST, "deployments": [deployment], "ended": true });
    let event = json!({
        "id": 4711,
        "at": "2026-11-24T10:31:10.000000Z",
        "watch": "web",
        "kind": "deployment_succeeded",
        "severity": "info",
        "message": "v1.4.0 (9f86d081) on production:job=web: runs and is healthy",
        "deployment": DEPLOYMENT,
        "workload": WORKLOAD,
        "tag": "v1.4.0",
        "digest": DIGEST,
    });
    [
        ("Deployment", deployment),
        ("DeploymentAsked", asked),
        ("Event", event),
    ]
}

fn of_the_service() -> [(&'static str, Value); 3] {
    [
        (
            "Registry",
            json!({
                "host": "docker.io",
                "healthy": true,
                "watches": 12,
                "seen_at": "2026-11-24T10:30:00.000000Z",
                "faults": [],
                "quota": {
                    "limit": 100,
                    "remaining": 76,
                    "window_seconds": 21600,
                    "told_at": "2026-11-24T10:30:00.000000Z",
                },
            }),
        ),
        (
            "Caller",
            json!({ "name": "ci", "role": "deployer", "anonymous": false, "watches": ["web", "api-*"] }),
        ),
        (
            "Instance",
            json!({
                "version": "1.0.0",
                "uptime_seconds": 86400,
                "watches": 2,
                "replica": "01a20cc5-0000-7000-8000-3b4d38220eca",
                "leases": [{ "kind": "watch", "name": "web" }, { "kind": "sink", "name": "team" }],
            }),
        ),
    ]
}

fn problem() -> Value {
    json!({
        "type": concat!(
            env!("CARGO_PKG_REPOSITORY"),
            "/blob/main/openapi/README.md#tag-not-found"
        ),
        "title": "The registry does not have the tag.",
        "status": 422,
        "detail": "ghcr.io/acme/web has no tag `v9.0.0`",
        "request_id": "72685fcd-c13d-4f32-8130-fea61e39557b",
    })
}
