use serde_json::{Value, json};

use super::{
    call::Call,
    evaluations::to_json,
    route::{Answer, Route, only_get, only_write},
};
use crate::nomad::{
    allocation::Allocation,
    error::ApiError,
    state::{State, Table},
    watcher::Commanded,
};

/// `GET /v1/deployments`
pub(super) fn list(call: &Call) -> Result<Route, ApiError> {
    only_get(call)?;
    let namespace = call.namespace();
    Ok(Route::read(move |state| {
        let known = state.deployments.iter().rev();
        let known = known.filter(|known| namespace == "*" || known.namespace == namespace);
        let answer = known.map(to_json).collect();
        (state.index_of(Table::Deployments), answer)
    }))
}

/// `/v1/deployment/:id`, and the commands on a deployment.
pub(super) fn specific(call: &Call, rest: &str) -> Result<Route, ApiError> {
    if let Some(id) = rest.strip_prefix("allocations/") {
        only_get(call)?;
        return Ok(allocations(id.to_owned()));
    }
    if let Some(id) = rest.strip_prefix("promote/") {
        matching_body(call, id)?;
        return Ok(command(id, State::command_promote));
    }
    if let Some(id) = rest.strip_prefix("fail/") {
        only_write(call)?;
        return Ok(command(id, State::command_fail));
    }
    if let Some(id) = rest.strip_prefix("pause/") {
        let pause = matching_body(call, id)?["Pause"] == true;
        return Ok(command(id, move |state, id| state.command_pause(id, pause)));
    }
    only_get(call)?;
    let id = rest.to_owned();
    Ok(Route::read(move |state| {
        if let Some(found) = state.deployment(&id) {
            return (found.modify_index, to_json(found));
        }
        let missing = ApiError::not_found("deployment not found");
        (state.index_of(Table::Deployments), Err(missing))
    }))
}

fn allocations(id: String) -> Route {
    Route::read(move |state| {
        let own = state.allocations.iter();
        let own = own.filter(|known| known.deployment_id.as_deref() == Some(&id));
        let stubs: Value = own.map(Allocation::stub).collect();
        (state.index_of(Table::Allocations), Ok(stubs))
    })
}

/// The body of a command, which has to repeat the id in the path.
fn matching_body(call: &Call, id: &str) -> Result<Value, ApiError> {
    only_write(call)?;
    let body = call.json()?;
    match body["DeploymentID"].as_str() {
        None | Some("") => Err(ApiError::bad_request("DeploymentID must be specified")),
        Some(sent) if sent != id => Err(ApiError::bad_request("Deployment ID does not match")),
        Some(_) => Ok(body),
    }
}

fn command(
    id: &str,
    run: impl FnOnce(&mut State, &str) -> Result<Commanded, ApiError> + Send + 'static,
) -> Route {
    let id = id.to_owned();
    Route::write(move |state| {
        let done = run(state, &id)?;
        let index = done.index;
        let body = json!({
            "EvalCreateIndex": if done.evaluation.is_some() { index } else { 0 },
            "EvalID": done.evaluation.unwrap_or_default(),
            "DeploymentModifyIndex": index,
            "RevertedJobVersion": done.reverted_job_version,
            "Index": index,
        });
        Ok(Answer::new(index, body))
    })
}
