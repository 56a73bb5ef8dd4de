use serde_json::{Value, json};

use super::{job::default_update, state::JobKey};

/// A service job with one group and one task, with every member that a Nomad server returns.
pub(super) fn service_job(
    key: &JobKey,
    group: &str,
    task: &str,
    driver: &str,
    image: &str,
) -> Value {
    json!({
        "Affinities": null,
        "AllAtOnce": false,
        "Constraints": null,
        "ConsulNamespace": "",
        "ConsulToken": "",
        "Datacenters": ["*"],
        "DispatchIdempotencyToken": "",
        "Dispatched": false,
        "ID": key.id,
        "Meta": null,
        "Multiregion": null,
        "Name": key.id,
        "Namespace": key.namespace,
        "NodePool": "default",
        "NomadTokenID": "",
        "ParameterizedJob": null,
        "ParentID": "",
        "Payload": null,
        "Periodic": null,
        "Priority": 50,
        "Spreads": null,
        "Stop": false,
        "TaskGroups": [task_group(group, task, driver, image)],
        "Type": "service",
        "UI": null,
        "Update": job_update(),
        "VaultNamespace": "",
        "VaultToken": "",
        "VersionTag": null,
    })
}

/// The server keeps two members of it; what counts are the groups' own blocks.
fn job_update() -> Value {
    json!({
        "AutoPromote": false,
        "AutoRevert": false,
        "Canary": 0,
        "HealthCheck": "",
        "HealthyDeadline": 0,
        "MaxParallel": 1,
        "MinHealthyTime": 0,
        "ProgressDeadline": 0,
        "Stagger": 30_000_000_000_u64,
    })
}

fn task_group(name: &str, task_name: &str, driver: &str, image: &str) -> Value {
    json!({
        "Affinities": null,
        "Constraints": null,
        "Consul": {"Cluster": "default", "Namespace": "", "Partition": ""},
        "Count": 1,
        "Disconnect": null,
        "EphemeralDisk": {"Migrate": false, "SizeMB": 300, "Sticky": false},
        "Meta": null,
        "Migrate": {
            "HealthCheck": "checks",
            "HealthyDeadline": 300_000_000_000_u64,
            "MaxParallel": 1,
            "MinHealthyTime": 10_000_000_000_u64,
        },
        "Name": name,
        "Networks": null,
        "ReschedulePolicy": {
            "Attempts": 0,
            "Delay": 30_000_000_000_u64,
            "DelayFunction": "exponential",
            "Interval": 0,
            "MaxDelay": 3_600_000_000_000_u64,
            "Unlimited": true,
        },
        "RestartPolicy": restart_policy(),
        "Scaling": null,
        "Services": null,
        "ShutdownDelay": null,
        "Spreads": null,
        "Tasks": [task(task_name, driver, image)],
        "Update": default_update(),
        "Volumes": null,
    })
}

fn task(name: &str, driver: &str, image: &str) -> Value {
    json!({
        "Actions": null,
        "Affinities": null,
        "Artifacts": null,
        "CSIPluginConfig": null,
        "Config": {"image": image},
        "Constraints": null,
        "Consul": null,
        "DispatchPayload": null,
        "Driver": driver,
        "Env": null,
        "Identities": null,
        "Identity": {
            "Audience": ["nomadproject.io"], "ChangeMode": "", "ChangeSignal": "", "Env": false,
            "File": false, "Filepath": "", "Name": "default", "ServiceName": "", "TTL": 0,
        },
        "KillSignal": "",
        "KillTimeout": 5_000_000_000_u64,
        "Kind": "",
        "Leader": false,
        "Lifecycle": null,
        "LogConfig": {"Disabled": false, "MaxFileSizeMB": 10, "MaxFiles": 10},
        "Meta": null,
        "Name": name,
        "Resources": {
            "CPU": 100, "Cores": 0, "Devices": null, "DiskMB": 0, "IOPS": 0, "MemoryMB": 300,
            "MemoryMaxMB": 0, "NUMA": null, "Networks": null, "SecretsMB": 0,
        },
        "RestartPolicy": restart_policy(),
        "ScalingPolicies": null,
        "Schedule": null,
        "Services": null,
        "ShutdownDelay": 0,
        "Templates": null,
        "User": "",
        "Vault": null,
        "VolumeMounts": null,
    })
}

fn restart_policy() -> Value {
    json!({
        "Attempts": 2,
        "Delay": 15_000_000_000_u64,
        "Interval": 1_800_000_000_000_u64,
        "Mode": "fail",
        "RenderTemplates": false,
    })
}
