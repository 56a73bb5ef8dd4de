//! Nomad's HTTP API over the simulated cluster.

mod agent;
mod call;
mod deployments;
mod evaluations;
mod jobs;
mod route;

use std::{sync::Arc, time::Duration};

use poem::{
    Endpoint, Request, Response,
    http::{StatusCode, header},
};
use tokio::time::Instant;

use self::{
    call::Call,
    route::{Answer, Page, Read, Route, Write},
};
use super::{cluster::Cluster, error::ApiError, settings::NomadFaults, state::State};
use crate::countdown::strikes;

/// The HTTP side of the cluster.
#[derive(Debug, Clone)]
pub(super) struct Api(pub(super) Arc<Cluster>);

impl Endpoint for Api {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let call = Call::read(request).await;
        let delay = self.0.read(|state| state.faults.delay);
        if let Some(delay) = delay {
            tokio::time::sleep(delay).await;
        }
        let answered = match self.0.update(|state| admit(state, &call)) {
            Ok(()) => self.answer(&call).await,
            Err(refusal) => Err(refusal),
        };
        Ok(match answered {
            Ok(answer) => respond(&answer),
            Err(refusal) => refuse(&refusal),
        })
    }
}

impl Api {
    async fn answer(&self, call: &Call) -> Result<Answer, ApiError> {
        match route::route(call)? {
            Route::Read(read) => self.read(call, &read).await,
            Route::Write(write) => {
                let answer = self.0.update(|state| commit(state, write));
                let late = self.0.read(|state| state.faults.late_answers);
                tokio::time::sleep(late.unwrap_or_default()).await;
                answer
            }
        }
    }

    /// Answers at once, or with `index` not before something newer than it is there.
    async fn read(&self, call: &Call, read: &Read) -> Result<Answer, ApiError> {
        let (seen, wait) = call.blocking()?;
        let deadline = Instant::now() + wait.unwrap_or(Duration::ZERO);
        let mut changes = self.0.changes();
        let restores = self.0.read(|state| state.restores);
        loop {
            changes.borrow_and_update();
            let (answer, index, abandoned) = self.0.read(|state| {
                let (index, answer) = read(state);
                (answer, state.reported(index), state.restores != restores)
            });
            let blocks = wait.is_some() && index <= seen && !abandoned;
            if !blocks
                || tokio::time::timeout_at(deadline, changes.changed())
                    .await
                    .is_err()
            {
                let page = self.0.update(|state| after_read(state, call, answer))?;
                return Ok(Answer { index, page });
            }
        }
    }
}

/// Lets a write happen; a lost answer is one whose write has happened all the same.
fn commit(state: &mut State, write: Write) -> Result<Answer, ApiError> {
    let answer = write(state)?;
    if strikes(&mut state.faults.lost_answers) {
        return Err(ApiError::rpc("leadership lost while committing log"));
    }
    let index = state.reported(answer.index);
    Ok(Answer { index, ..answer })
}

/// The faults that hide what was found.
fn after_read(
    state: &mut State,
    call: &Call,
    answer: Result<Page, ApiError>,
) -> Result<Page, ApiError> {
    let page = answer?;
    let path = call.path.as_str();
    let NomadFaults {
        lost_evaluations,
        lost_deployments,
        ..
    } = &mut state.faults;
    if path.starts_with("/v1/evaluation/") && strikes(lost_evaluations) {
        return Err(ApiError::not_found("eval not found"));
    }
    let names_deployment = path.starts_with("/v1/deployment/") && !path.contains("/allocations/");
    if names_deployment && strikes(lost_deployments) {
        return Err(ApiError::not_found("deployment not found"));
    }
    Ok(page)
}

/// The faults and the rights, before anything is looked up.
fn admit(state: &mut State, call: &Call) -> Result<(), ApiError> {
    state.calls += 1;
    if strikes(&mut state.faults.rate_limited) {
        let text =
            "Your IP is issuing too many concurrent connections, please rate limit your calls\n";
        return Err(ApiError::new(StatusCode::TOO_MANY_REQUESTS, text));
    }
    if strikes(&mut state.faults.failing) {
        return Err(ApiError::rpc(state.faults.failing_text.clone()));
    }
    if call.is_open() {
        return Ok(());
    }
    if strikes(&mut state.faults.no_leader) {
        return Err(ApiError::rpc("No cluster leader"));
    }
    if call
        .region()
        .is_some_and(|region| region != state.settings.region)
    {
        return Err(ApiError::rpc("No path to region"));
    }
    match (&state.settings.token, &call.token) {
        (Some(expected), Some(sent)) if expected == sent => Ok(()),
        (Some(_), Some(_)) => Err(ApiError::forbidden("ACL token not found")),
        (Some(_), None) => Err(ApiError::forbidden("Permission denied")),
        (None, _) => Ok(()),
    }
}

fn respond(answer: &Answer) -> Response {
    let mut response = Response::builder()
        .header("X-Nomad-Index", answer.index)
        .header("X-Nomad-KnownLeader", "true")
        .header("X-Nomad-LastContact", "0")
        .content_type("application/json");
    if let Some(token) = &answer.page.next_token {
        response = response.header("X-Nomad-NextToken", token);
    }
    response.body(answer.page.body.to_string())
}

fn refuse(refusal: &ApiError) -> Response {
    Response::builder()
        .status(refusal.status)
        .header(header::CONTENT_TYPE, "text/plain; charset=utf-8")
        .body(refusal.text.clone())
}
