//! Reads and completes jobs, which stay raw JSON so that no member is lost.

use serde_json::{Map, Value, json};

use super::{settings::NomadSettings, state::JobKey};

/// What the server keeps in a job beside its specification.
const BOOKKEEPING: [&str; 9] = [
    "CreateIndex",
    "JobModifyIndex",
    "ModifyIndex",
    "Stable",
    "Status",
    "StatusDescription",
    "SubmitTime",
    "Version",
    "VersionTag",
];

/// What of a task group can change while its tasks go on.
const IN_PLACE: [&str; 12] = [
    "Affinities",
    "Constraints",
    "Count",
    "Disconnect",
    "Meta",
    "Migrate",
    "ReschedulePolicy",
    "RestartPolicy",
    "Scaling",
    "Services",
    "Tasks",
    "Update",
];

/// What of a task makes its allocation be replaced when it changes, beside its meta.
const DESTRUCTIVE: [&str; 15] = [
    "Artifacts",
    "Config",
    "Consul",
    "DispatchPayload",
    "Driver",
    "Env",
    "Identities",
    "Identity",
    "Lifecycle",
    "Name",
    "Resources",
    "Secrets",
    "Templates",
    "User",
    "Vault",
];

pub(super) fn number(job: &Value, member: &str) -> u64 {
    job[member].as_u64().unwrap_or_default()
}

pub(super) fn version(job: &Value) -> u64 {
    number(job, "Version")
}

/// The index of the last change to the specification.
pub(super) fn modify_index(job: &Value) -> u64 {
    number(job, "JobModifyIndex")
}

pub(super) fn kind(job: &Value) -> &str {
    job["Type"].as_str().unwrap_or("service")
}

pub(super) fn is_stopped(job: &Value) -> bool {
    job["Stop"] == true
}

pub(super) fn is_periodic(job: &Value) -> bool {
    !job["Periodic"].is_null()
}

pub(super) fn is_parameterized(job: &Value) -> bool {
    !job["ParameterizedJob"].is_null()
}

pub(super) fn groups(job: &Value) -> &[Value] {
    job["TaskGroups"].as_array().map_or(&[], Vec::as_slice)
}

pub(super) fn tasks(group: &Value) -> &[Value] {
    group["Tasks"].as_array().map_or(&[], Vec::as_slice)
}

pub(super) fn name(noun: &Value) -> &str {
    noun["Name"].as_str().unwrap_or_default()
}

pub(super) fn group<'a>(job: &'a Value, wanted: &str) -> Option<&'a Value> {
    groups(job).iter().find(|group| name(group) == wanted)
}

pub(super) fn groups_mut(job: &mut Value) -> impl Iterator<Item = &mut Value> {
    job["TaskGroups"].as_array_mut().into_iter().flatten()
}

pub(super) fn image<'a>(job: &'a Value, group_name: &str, task: &str) -> Option<&'a str> {
    let group = group(job, group_name)?;
    let task = tasks(group).iter().find(|known| name(known) == task)?;
    task["Config"]["image"].as_str()
}

/// Fills in what the server defaults, and takes away what it does not take from a client.
pub(super) fn canonicalize(job: &mut Value, key: &JobKey, settings: &NomadSettings) {
    for unknown in &settings.unknown_job_members {
        if let Some(members) = job.as_object_mut() {
            members.remove(unknown);
        }
    }
    job["Namespace"] = key.namespace.as_str().into();
    job["ID"] = key.id.as_str().into();
    let defaults = json!({
        "Region": settings.region, "Name": key.id, "Type": "service", "Priority": 50,
        "Datacenters": ["*"], "NodePool": "default", "Stop": false,
    });
    fill(job, defaults);
    for secret in ["ConsulToken", "VaultToken"] {
        if job.get(secret).is_some() {
            job[secret] = "".into();
        }
    }
    let system = kind(job) == "system" && settings.system_deployments;
    let updates = kind(job) == "service" || system;
    let job_update = job["Update"].clone();
    for group in groups_mut(job) {
        fill(group, json!({"Count": 1}));
        if updates {
            let mut update = if group["Update"].is_null() {
                json!({})
            } else {
                group["Update"].take()
            };
            fill(&mut update, job_update.clone());
            fill(&mut update, default_update());
            group["Update"] = update;
        }
    }
}

/// The update block of a job that has none.
pub(super) fn default_update() -> Value {
    json!({
        "AutoPromote": false,
        "AutoRevert": false,
        "Canary": 0,
        "HealthCheck": "checks",
        "HealthyDeadline": 300_000_000_000_u64,
        "MaxParallel": 1,
        "MinHealthyTime": 10_000_000_000_u64,
        "ProgressDeadline": 600_000_000_000_u64,
        "Stagger": 30_000_000_000_u64,
    })
}

/// Gives `value` the members of `defaults` that it lacks or has as null.
fn fill(value: &mut Value, defaults: Value) {
    let (Value::Object(members), Value::Object(defaults)) = (value, defaults) else {
        return;
    };
    for (name, default) in defaults {
        let member = members.entry(name).or_insert(Value::Null);
        if member.is_null() {
            *member = default;
        }
    }
}

/// The specification alone, in which nothing and an empty collection are the same.
pub(super) fn specification(job: &Value) -> Value {
    let mut job = job.clone();
    if let Some(members) = job.as_object_mut() {
        members.retain(|name, _| !BOOKKEEPING.contains(&name.as_str()));
    }
    drop_empty(&mut job);
    job
}

/// The specification without the groups' counts.
pub(super) fn specification_without_counts(job: &Value) -> Value {
    let mut job = specification(job);
    for group in groups_mut(&mut job) {
        group["Count"] = Value::Null;
    }
    job
}

fn drop_empty(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(drop_empty);
            members.retain(|_, member| !is_empty(member));
        }
        Value::Array(elements) => elements.iter_mut().for_each(drop_empty),
        _ => {}
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(members) => members.is_empty(),
        Value::Array(elements) => elements.is_empty(),
        _ => false,
    }
}

/// What of a group, when it changes, makes its allocations be replaced: the combined meta counts, the count does not.
pub(super) fn destructive_part(job: &Value, group: &Value) -> Value {
    let mut rest = group.clone();
    if let Some(members) = rest.as_object_mut() {
        members.retain(|name, _| !IN_PLACE.contains(&name.as_str()));
    }
    let tasks = tasks(group).iter().map(|task| {
        let parts = DESTRUCTIVE
            .iter()
            .map(|part| ((*part).to_owned(), task[*part].clone()));
        let parts: Map<String, Value> = parts.collect();
        json!({"task": parts, "meta": combined_meta(job, group, task)})
    });
    let mut part = json!({"group": rest, "tasks": tasks.collect::<Vec<_>>()});
    drop_empty(&mut part);
    part
}

/// The meta of a task, which the group's and the job's lie beneath.
fn combined_meta(job: &Value, group: &Value, task: &Value) -> Map<String, Value> {
    let layers = [job, group, task].map(|layer| layer["Meta"].as_object().cloned());
    layers.into_iter().flatten().flatten().collect()
}

/// Takes `registrywatcher_…` out of every meta, as running a job file does that never had them.
pub(super) fn forget_our_meta(job: &mut Value) {
    forget_in(job);
    for group in groups_mut(job) {
        forget_in(group);
        let tasks = group["Tasks"].as_array_mut();
        tasks.into_iter().flatten().for_each(forget_in);
    }
}

fn forget_in(layer: &mut Value) {
    if let Some(meta) = layer["Meta"].as_object_mut() {
        meta.retain(|name, _| !name.starts_with("registrywatcher_"));
    }
}
