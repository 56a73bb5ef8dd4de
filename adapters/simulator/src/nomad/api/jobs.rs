mod list;

use poem::http::Method;
use serde_json::{Value, json};

use super::{
    call::Call,
    evaluations::to_json,
    route::{Answer, Route, only_get, only_write},
};
use crate::nomad::{
    allocation::Allocation,
    error::ApiError,
    job,
    register::{Registered, Registration},
    state::{JobKey, State, Table},
};

type Found = (u64, Result<Value, ApiError>);

/// `/v1/jobs`
pub(super) fn collection(call: &Call) -> Result<Route, ApiError> {
    if call.is_write() {
        return register(call, None);
    }
    only_get(call)?;
    Ok(Route::page(list::reader(call)))
}

/// `/v1/job/:id` and its parts. An id that ends like a part cannot be told from it, here as there.
pub(super) fn specific(call: &Call, rest: &str) -> Result<Route, ApiError> {
    let key = |id: &str| JobKey::new(call.namespace(), id);
    if let Some(id) = rest.strip_suffix("/allocations") {
        return part(call, key(id), allocations);
    }
    if let Some(id) = rest.strip_suffix("/evaluations") {
        return part(call, key(id), evaluations);
    }
    if let Some(id) = rest.strip_suffix("/versions") {
        return part(call, key(id), versions);
    }
    if let Some(id) = rest.strip_suffix("/deployments") {
        return part(call, key(id), deployments);
    }
    if let Some(id) = rest.strip_suffix("/deployment") {
        return part(call, key(id), latest_deployment);
    }
    if let Some(id) = rest.strip_suffix("/plan") {
        return plan(call, id);
    }
    if let Some(id) = rest.strip_suffix("/revert") {
        return revert(call, key(id));
    }
    if let Some(id) = rest.strip_suffix("/stable") {
        return stable(call, key(id));
    }
    if call.method == Method::DELETE {
        return Ok(deregister(call, key(rest)));
    }
    if call.is_write() {
        return register(call, Some(rest));
    }
    part(call, key(rest), read)
}

fn part(call: &Call, key: JobKey, find: fn(&State, &JobKey) -> Found) -> Result<Route, ApiError> {
    only_get(call)?;
    Ok(Route::read(move |state| {
        if state.settings.without_read_job.contains(&key.namespace) {
            return (1, Err(ApiError::forbidden("Permission denied")));
        }
        find(state, &key)
    }))
}

fn read(state: &State, key: &JobKey) -> Found {
    if let Some(found) = state.job(key) {
        return (job::number(found, "ModifyIndex"), Ok(found.clone()));
    }
    let missing = ApiError::not_found("job not found");
    (state.index_of(Table::Jobs), Err(missing))
}

fn versions(state: &State, key: &JobKey) -> Found {
    let index = state.index_of(Table::Jobs);
    let Some(versions) = state.jobs.get(key) else {
        return (index, Err(ApiError::not_found("job versions not found")));
    };
    let newest_first: Vec<&Value> = versions.iter().rev().collect();
    let answer = json!({"Versions": newest_first, "Diffs": null, "Index": index});
    (index, Ok(answer))
}

fn allocations(state: &State, key: &JobKey) -> Found {
    let own = state.allocations.iter().filter(|known| known.key == *key);
    let stubs = own.map(Allocation::stub).collect();
    (state.index_of(Table::Allocations), Ok(stubs))
}

fn evaluations(state: &State, key: &JobKey) -> Found {
    let own = state
        .evaluations
        .iter()
        .rev()
        .filter(|known| known.key() == *key);
    let answer = own.map(to_json).collect();
    (state.index_of(Table::Evaluations), answer)
}

fn deployments(state: &State, key: &JobKey) -> Found {
    let own = state
        .deployments
        .iter()
        .rev()
        .filter(|known| known.key() == *key);
    let answer = own.map(to_json).collect();
    (state.index_of(Table::Deployments), answer)
}

fn latest_deployment(state: &State, key: &JobKey) -> Found {
    let latest = state
        .deployments
        .iter()
        .rev()
        .find(|known| known.key() == *key);
    let answer = latest.map_or(Ok(Value::Null), to_json);
    (state.index_of(Table::Deployments), answer)
}

fn register(call: &Call, id_in_path: Option<&str>) -> Result<Route, ApiError> {
    let mut body = call.json()?;
    let job = body["Job"].take();
    let id = job_id(&job, id_in_path)?;
    let key = JobKey::new(namespace_for(call, &body, &job), id);
    let enforced = body["EnforceIndex"] == true;
    let index = body["JobModifyIndex"].as_u64().unwrap_or_default();
    let registration = Registration {
        job,
        enforce_index: enforced.then_some(index),
        preserve_counts: body["PreserveCounts"] == true,
    };
    Ok(Route::write(move |state| {
        state.edit_before_register(&key);
        let registered = state.register(&key, registration)?;
        state.registrations += 1;
        Ok(answer(registered))
    }))
}

fn job_id(job: &Value, id_in_path: Option<&str>) -> Result<String, ApiError> {
    if !job.is_object() {
        return Err(ApiError::bad_request("Job must be specified"));
    }
    let id = job["ID"].as_str().unwrap_or_default();
    if id.is_empty() {
        return Err(ApiError::bad_request("Job ID hasn't been provided"));
    }
    if id_in_path.is_some_and(|expected| expected != id) {
        return Err(ApiError::bad_request("Job ID does not match name"));
    }
    Ok(id.to_owned())
}

/// The query wins over the body, the body over the job.
fn namespace_for(call: &Call, body: &Value, job: &Value) -> String {
    let spelled = [
        call.query("namespace"),
        body["Namespace"].as_str(),
        job["Namespace"].as_str(),
    ];
    let mut spelled = spelled
        .into_iter()
        .flatten()
        .filter(|name| !name.is_empty());
    spelled.next().unwrap_or("default").to_owned()
}

fn plan(call: &Call, id: &str) -> Result<Route, ApiError> {
    only_write(call)?;
    let mut body = call.json()?;
    let job = body["Job"].take();
    let id = job_id(&job, Some(id))?;
    let key = JobKey::new(namespace_for(call, &body, &job), id);
    let with_diff = body["Diff"] == true;
    Ok(Route::write(move |state| {
        let body = state.plan(&key, job, with_diff);
        let index = state.index_of(Table::Jobs);
        Ok(Answer::new(index, body))
    }))
}

fn revert(call: &Call, key: JobKey) -> Result<Route, ApiError> {
    let body = matching_body(call, &key)?;
    let version = body["JobVersion"].as_u64().unwrap_or_default();
    let enforced = body["EnforcePriorVersion"].as_u64();
    Ok(Route::write(move |state| {
        state.revert(&key, version, enforced).map(answer)
    }))
}

fn stable(call: &Call, key: JobKey) -> Result<Route, ApiError> {
    let body = matching_body(call, &key)?;
    let version = body["JobVersion"].as_u64().unwrap_or_default();
    let stable = body["Stable"] == true;
    Ok(Route::write(move |state| {
        let index = state.set_stable(&key, version, stable)?;
        let body = json!({"JobModifyIndex": index, "Index": index});
        Ok(Answer::new(index, body))
    }))
}

fn matching_body(call: &Call, key: &JobKey) -> Result<Value, ApiError> {
    only_write(call)?;
    let body = call.json()?;
    match body["JobID"].as_str() {
        None | Some("") => Err(ApiError::bad_request("JobID must be specified")),
        Some(sent) if sent != key.id => Err(ApiError::bad_request("Job ID does not match")),
        Some(_) => Ok(body),
    }
}

fn deregister(call: &Call, key: JobKey) -> Route {
    let purge = call.query("purge") == Some("true");
    Route::write(move |state| Ok(answer(state.deregister(&key, purge))))
}

fn answer(registered: Registered) -> Answer {
    let body = json!({
        "EvalID": registered.evaluation.unwrap_or_default(),
        "EvalCreateIndex": registered.evaluation_index,
        "JobModifyIndex": registered.job_modify_index,
        "Warnings": "",
        "Index": registered.index,
        "LastContact": 0,
        "KnownLeader": false,
        "NextToken": "",
    });
    Answer::new(registered.index, body)
}
