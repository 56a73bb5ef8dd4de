use serde_json::Value;

use super::{agent, call::Call, deployments, evaluations, jobs};
use crate::nomad::{error::ApiError, state::State};

/// What is answered, and under which index.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) index: u64,
    pub(super) page: Page,
}

impl Answer {
    pub(super) fn new(index: u64, body: Value) -> Self {
        let page = body.into();
        Self { index, page }
    }
}

/// A body, and where the next page of it begins if there is one.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) body: Value,
    pub(super) next_token: Option<String>,
}

impl From<Value> for Page {
    fn from(body: Value) -> Self {
        Self {
            body,
            next_token: None,
        }
    }
}

/// Looks something up, and says when it changed last.
pub(super) type Read = Box<dyn Fn(&State) -> (u64, Result<Page, ApiError>) + Send + Sync>;

/// Changes something.
pub(super) type Write = Box<dyn FnOnce(&mut State) -> Result<Answer, ApiError> + Send>;

/// What a call asks for.
pub(super) enum Route {
    Read(Read),
    Write(Write),
}

impl Route {
    pub(super) fn read(
        read: impl Fn(&State) -> (u64, Result<Value, ApiError>) + Send + Sync + 'static,
    ) -> Self {
        Self::page(move |state| {
            let (index, answer) = read(state);
            (index, answer.map(Page::from))
        })
    }

    pub(super) fn page(
        read: impl Fn(&State) -> (u64, Result<Page, ApiError>) + Send + Sync + 'static,
    ) -> Self {
        Self::Read(Box::new(read))
    }

    pub(super) fn write(
        write: impl FnOnce(&mut State) -> Result<Answer, ApiError> + Send + 'static,
    ) -> Self {
        Self::Write(Box::new(write))
    }
}

/// Finds what a call asks for, as the real server does: nouns by prefix, a job's parts by suffix.
pub(super) fn route(call: &Call) -> Result<Route, ApiError> {
    let path = call.path.as_str();
    match path {
        "/v1/jobs" => return jobs::collection(call),
        "/v1/deployments" => return deployments::list(call),
        "/v1/agent/self" => return agent::this(call),
        "/v1/status/leader" => return agent::leader(call),
        "/v1/regions" => return agent::regions(call),
        "/v1/acl/token/self" => return agent::token(call),
        _ => {}
    }
    if let Some(rest) = path.strip_prefix("/v1/job/") {
        return jobs::specific(call, rest);
    }
    if let Some(rest) = path.strip_prefix("/v1/evaluation/") {
        return evaluations::specific(call, rest);
    }
    if let Some(rest) = path.strip_prefix("/v1/deployment/") {
        return deployments::specific(call, rest);
    }
    Err(ApiError::not_found("404 page not found\n"))
}

/// Refuses every method but GET.
pub(super) fn only_get(call: &Call) -> Result<(), ApiError> {
    if call.is_get() {
        Ok(())
    } else {
        Err(ApiError::invalid_method())
    }
}

/// Refuses every method but POST and PUT, which are the same.
pub(super) fn only_write(call: &Call) -> Result<(), ApiError> {
    if call.is_write() {
        Ok(())
    } else {
        Err(ApiError::invalid_method())
    }
}
