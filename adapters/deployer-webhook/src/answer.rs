//! What answers of the receiver mean.

mod told;

use registrywatcher::deployment::Failure;
use reqwest::StatusCode;
use reqwest::header::LOCATION;
use url::Url;

use self::told::{Fault, Told, Word};
use crate::client::Answer;
use crate::handle::Outcome;
use crate::settings::same_origin;

/// What the answer to the request for a deployment means.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reception {
    /// The receiver rolls out, and tells at this address how far it is.
    Follow(Url),
    /// It has ended.
    Ended(Outcome),
    /// There is no such workload, or no receiver.
    NotFound(String),
    /// Somebody must change something.
    Refused(String),
    /// The same request may be taken later.
    Later(String),
}

/// What the address of a status tells.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// It goes on, and waits for this.
    Running(String),
    /// It has ended.
    Ended(Outcome),
    /// Nothing, for this reason.
    Unclear(String),
}

/// Reads the answer to the request for a deployment that was sent to `receiver`.
pub(crate) fn of_request(answer: &Answer, receiver: &Url) -> Reception {
    let told = Told::read(&answer.body);
    let said = answer.said(&told);
    if answer.status.is_success() {
        return of_success(answer, &told, receiver, &said);
    }
    match answer.status {
        StatusCode::CONFLICT => of_conflict(answer, &told, receiver, said),
        status if status.is_redirection() => Reception::Refused(format!(
            "{said}; redirects are not followed: set `url` to the final address"
        )),
        status if is_passing(status) => Reception::Later(said),
        status => of_refusal(status, &told, said),
    }
}

fn of_success(answer: &Answer, told: &Told, receiver: &Url, said: &str) -> Reception {
    if let Some(outcome) = told.outcome() {
        return Reception::Ended(outcome);
    }
    if answer.status != StatusCode::ACCEPTED && told.word != Some(Word::Running) {
        return Reception::Ended(Outcome::Succeeded);
    }
    match answer.status_url(told, receiver) {
        Some(Ok(url)) => Reception::Follow(url),
        Some(Err(problem)) => Reception::Refused(format!("{said}: {problem}")),
        None => Reception::Refused(format!(
            "{said} without a `Location` or `status_url`, so how it ends cannot be learnt"
        )),
    }
}

fn of_conflict(answer: &Answer, told: &Told, receiver: &Url, said: String) -> Reception {
    if let Some(outcome) = told.outcome() {
        return Reception::Ended(outcome);
    }
    match answer.status_url(told, receiver) {
        Some(Ok(url)) => Reception::Follow(url),
        Some(Err(problem)) => Reception::Refused(format!("{said}: {problem}")),
        None => Reception::Later(said),
    }
}

fn of_refusal(status: StatusCode, told: &Told, said: String) -> Reception {
    let failed = |reason| {
        Reception::Ended(Outcome::Failed {
            reason,
            restored: told.restored,
        })
    };
    match (told.fault, status) {
        (Some(Fault::Image), _) | (None, StatusCode::UNPROCESSABLE_ENTITY) => {
            failed(Failure::Image { message: said })
        }
        (Some(Fault::Orchestrator), _) => failed(Failure::Orchestrator { message: said }),
        (_, StatusCode::NOT_FOUND) => Reception::NotFound(said),
        (_, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => Reception::Refused(format!(
            "{said}; check `secrets`, `secret_headers` and the clocks of both"
        )),
        _ => Reception::Refused(said),
    }
}

/// Reads what the address of a status answers.
pub(crate) fn of_status(answer: &Answer) -> Look {
    let told = Told::read(&answer.body);
    match answer.status {
        StatusCode::GONE => Look::Ended(Outcome::Failed {
            reason: Failure::Orchestrator {
                message: format!("{}; it is no longer known there", answer.said(&told)),
            },
            restored: false,
        }),
        StatusCode::OK | StatusCode::ACCEPTED => {
            if let Some(outcome) = told.outcome() {
                return Look::Ended(outcome);
            }
            if answer.status == StatusCode::ACCEPTED || told.word == Some(Word::Running) {
                let detail = told
                    .message
                    .unwrap_or_else(|| "the receiver rolls out".to_owned());
                return Look::Running(detail);
            }
            Look::Unclear(format!(
                "{} without a `status` that is running, succeeded, failed or superseded",
                answer.said(&told)
            ))
        }
        _ => Look::Unclear(answer.said(&told)),
    }
}

/// Whether the same may be answered otherwise later, without anybody changing anything.
pub(crate) fn is_passing(status: StatusCode) -> bool {
    status.is_server_error()
        || matches!(
            status,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS
        )
}

impl Answer {
    /// The status and what the receiver says to it, for people.
    pub(crate) fn words(&self) -> String {
        self.said(&Told::read(&self.body))
    }

    fn said(&self, told: &Told) -> String {
        let status = self.status;
        match &told.message {
            Some(message) => format!("the receiver answers {status}: {message}"),
            None => format!("the receiver answers {status}"),
        }
    }

    fn status_url(&self, told: &Told, receiver: &Url) -> Option<Result<Url, String>> {
        let location = self.headers.get(LOCATION);
        let location = location.map(|value| value.to_str().unwrap_or_default());
        let address = location.or(told.status_url.as_deref())?;
        Some(same_origin(receiver, address).map_err(|problem| format!("its status: {problem}")))
    }
}
