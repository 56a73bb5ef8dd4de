use serde_json::Value;

use super::{
    call::Call,
    route::{Route, only_get},
};
use crate::nomad::{
    allocation::Allocation,
    error::ApiError,
    state::{State, Table},
};

/// `GET /v1/evaluation/:id` and `…/allocations`
pub(super) fn specific(call: &Call, rest: &str) -> Result<Route, ApiError> {
    only_get(call)?;
    if let Some(id) = rest.strip_suffix("/allocations") {
        let id = id.to_owned();
        return Ok(Route::read(move |state| {
            let own = state
                .allocations
                .iter()
                .filter(|known| known.evaluation_id == id);
            let stubs: Value = own.map(Allocation::stub).collect();
            (state.index_of(Table::Allocations), Ok(stubs))
        }));
    }
    let id = rest.to_owned();
    Ok(Route::read(move |state| read(state, &id)))
}

fn read(state: &State, id: &str) -> (u64, Result<Value, ApiError>) {
    if let Some(found) = state.evaluations.iter().find(|known| known.id == id) {
        return (found.modify_index, to_json(found));
    }
    let missing = ApiError::not_found("eval not found");
    (state.index_of(Table::Evaluations), Err(missing))
}

pub(super) fn to_json(noun: &impl serde::Serialize) -> Result<Value, ApiError> {
    serde_json::to_value(noun).map_err(|error| ApiError::rpc(error.to_string()))
}
