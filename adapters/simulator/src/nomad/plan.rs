//! Says what a registration would do, without doing it.

use serde_json::{Map, Value, json};

use super::{
    evaluation::exhausted_memory,
    job,
    state::{JobKey, State},
};
use crate::clock;

impl State {
    /// Answers a plan: the difference to what is stored, and what would happen to the allocations.
    pub(super) fn plan(&self, key: &JobKey, mut wanted: Value, with_diff: bool) -> Value {
        job::canonicalize(&mut wanted, key, &self.settings);
        let existing = self.job(key);
        let groups = job::groups(&wanted).iter();
        let fates: Vec<GroupFate> = groups
            .map(|group| GroupFate::of(existing, &wanted, group))
            .collect();
        let mut desired = Map::new();
        let mut failed = Map::new();
        for fate in &fates {
            desired.insert(fate.name.clone(), fate.annotation());
            let placed = fate.place + fate.replace;
            if self.full && placed > 0 {
                let metric = exhausted_memory(self.settings.nodes, placed);
                failed.insert(fate.name.clone(), metric);
            }
        }
        let diff = with_diff.then(|| job_diff(existing, &wanted, &fates));
        json!({
            "JobModifyIndex": existing.map_or(0, job::modify_index),
            "Diff": diff,
            "Annotations": {"DesiredTGUpdates": desired, "PreemptedAllocs": null},
            "FailedTGAllocs": if failed.is_empty() { Value::Null } else { failed.into() },
            "Warnings": "",
            "CreatedEvals": null,
            "NextPeriodicLaunch": clock::GO_ZERO_TIME,
            "Index": existing.map_or(0, job::modify_index),
        })
    }
}

/// What would happen to the allocations of a group.
#[derive(Debug, Default)]
struct GroupFate {
    name: String,
    place: u64,
    stop: u64,
    replace: u64,
    in_place: u64,
    canary: u64,
    ignore: u64,
}

impl GroupFate {
    fn of(existing: Option<&Value>, wanted: &Value, group: &Value) -> Self {
        let name = job::name(group).to_owned();
        let count = job::number(group, "Count");
        let known = existing.and_then(|job| Some((job, job::group(job, &name)?)));
        let Some((job, known)) = known else {
            return Self {
                name,
                place: count,
                ..Self::default()
            };
        };
        let before = job::number(known, "Count");
        let kept = count.min(before);
        let mut fate = Self {
            name,
            place: count.saturating_sub(before),
            stop: before.saturating_sub(count),
            ..Self::default()
        };
        let canary = job::number(&group["Update"], "Canary").min(kept);
        if job::specification(job) == job::specification(wanted) {
            fate.ignore = kept;
        } else if job::destructive_part(job, known) == job::destructive_part(wanted, group) {
            fate.in_place = kept;
        } else if canary > 0 {
            fate.canary = canary;
            fate.ignore = kept;
        } else {
            fate.replace = kept;
        }
        fate
    }

    fn annotation(&self) -> Value {
        json!({
            "Place": self.place, "Stop": self.stop, "Migrate": 0, "Ignore": self.ignore,
            "InPlaceUpdate": self.in_place, "DestructiveUpdate": self.replace,
            "Canary": self.canary, "Preemptions": 0,
        })
    }

    fn updates(&self) -> Value {
        let all = [
            ("create", self.place),
            ("destroy", self.stop),
            ("create/destroy update", self.replace),
            ("in-place update", self.in_place),
            ("canary", self.canary),
            ("ignore", self.ignore),
        ];
        let some = all.into_iter().filter(|(_, count)| *count > 0);
        some.map(|(name, count)| (name.to_owned(), count.into()))
            .collect::<Map<String, Value>>()
            .into()
    }
}

fn job_diff(existing: Option<&Value>, wanted: &Value, fates: &[GroupFate]) -> Value {
    let before = existing.map(job::specification).unwrap_or_default();
    let after = job::specification(wanted);
    let groups = job::groups(wanted).iter().zip(fates).map(|(group, fate)| {
        let known = existing.and_then(|job| job::group(job, &fate.name));
        let mut diff = noun_diff(known, group, "Tasks");
        diff["Name"] = fate.name.as_str().into();
        diff["Tasks"] = job::tasks(group)
            .iter()
            .map(|task| task_diff(known, task))
            .collect();
        diff["Updates"] = fate.updates();
        mark_edited_by_parts(&mut diff, "Tasks");
        diff
    });
    let groups: Value = groups.collect();
    let mut diff = noun_diff(existing.is_some().then_some(&before), &after, "TaskGroups");
    diff["ID"] = wanted["ID"].clone();
    diff["TaskGroups"] = groups;
    mark_edited_by_parts(&mut diff, "TaskGroups");
    diff
}

fn task_diff(group: Option<&Value>, task: &Value) -> Value {
    let known = group.map(job::tasks).unwrap_or_default().iter();
    let known = known
        .into_iter()
        .find(|known| job::name(known) == job::name(task));
    let mut diff = noun_diff(known, task, "");
    diff["Name"] = job::name(task).into();
    diff["Annotations"] = match diff["Type"].as_str() {
        Some("Edited") => json!(["forces create/destroy update"]),
        Some("Added") => json!(["forces create"]),
        _ => Value::Null,
    };
    diff
}

/// A noun without a change of its own is edited when one of its parts is.
fn mark_edited_by_parts(diff: &mut Value, parts: &str) {
    let mut parts = diff[parts].as_array().into_iter().flatten();
    if diff["Type"] == "None" && parts.any(|part| part["Type"] != "None") {
        diff["Type"] = "Edited".into();
    }
}

/// The members that differ: plain ones and meta as fields, the others as objects with fields.
fn noun_diff(before: Option<&Value>, after: &Value, parts: &str) -> Value {
    let mut fields = Vec::new();
    let mut objects = Vec::new();
    for name in member_names(before, after) {
        let old = before.map_or(&Value::Null, |before| &before[&name]);
        let new = &after[&name];
        if name == parts || old == new {
            continue;
        }
        let flat = flat_fields(&name, old, new);
        if name == "Meta" || !(old.is_object() || new.is_object()) {
            fields.extend(flat);
        } else if !flat.is_empty() {
            let kind = change(old.is_null(), new.is_null());
            objects.push(json!({"Type": kind, "Name": name, "Fields": flat, "Objects": null}));
        }
    }
    let kind = match before {
        None => "Added",
        Some(_) if fields.is_empty() && objects.is_empty() => "None",
        Some(_) => "Edited",
    };
    json!({"Type": kind, "Fields": fields, "Objects": objects})
}

fn flat_fields(name: &str, old: &Value, new: &Value) -> Vec<Value> {
    if !(old.is_object() || new.is_object()) {
        return vec![field(name, old, new)];
    }
    let members = member_names(Some(old), new).into_iter();
    let changed = members.filter(|member| old[member] != new[member]);
    changed
        .map(|member| {
            let label = if name == "Meta" {
                format!("Meta[{member}]")
            } else {
                member.clone()
            };
            field(&label, &old[&member], &new[&member])
        })
        .collect()
}

fn field(name: &str, old: &Value, new: &Value) -> Value {
    let kind = change(old.is_null(), new.is_null());
    json!({"Type": kind, "Name": name, "Old": text(old), "New": text(new), "Annotations": null})
}

fn change(was_absent: bool, is_absent: bool) -> &'static str {
    match (was_absent, is_absent) {
        (true, _) => "Added",
        (false, true) => "Deleted",
        (false, false) => "Edited",
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn member_names(before: Option<&Value>, after: &Value) -> Vec<String> {
    let sides = [before.unwrap_or(&Value::Null), after];
    let names = sides
        .into_iter()
        .filter_map(Value::as_object)
        .flat_map(Map::keys);
    let names: std::collections::BTreeSet<&String> = names.collect();
    names.into_iter().cloned().collect()
}
