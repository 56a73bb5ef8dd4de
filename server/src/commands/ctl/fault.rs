use std::error::Error as _;
use std::fmt::Display;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use registrywatcher_client::{Error, types::Problem};
use reqwest::header::{HeaderMap, RETRY_AFTER};

use super::show::{Output, plain};
use crate::config::EXIT_USAGE;

/// The exit code when the service cannot be reached.
const EXIT_UNREACHABLE: u8 = 3;

/// Why a verb was not done.
#[derive(Debug)]
pub(super) enum Fault {
    /// The arguments say something that the API does not know.
    Usage(String),
    /// The service said no, and perhaps when to ask again.
    Refused(Box<Problem>, Option<Duration>),
    /// The service did not answer, or what stands before it says that it does not; the message tells which one.
    Unreachable(String),
    /// Anything else.
    Other(String),
    /// Nobody reads what is printed any more.
    Unread,
}

impl Fault {
    /// Whether the same request may do better a little later.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Refused(problem, _) => matches!(problem.status, 429 | 500..),
            _ => false,
        }
    }

    /// Tells it on standard error, and what the API answered on standard output if that is to be JSON.
    pub(super) fn tell(&self, output: Output) -> ExitCode {
        let code = match self {
            Self::Usage(message) => {
                eprintln!("{message}");
                return ExitCode::from(EXIT_USAGE);
            }
            Self::Refused(problem, _) => {
                eprintln!("{}", refusal(problem));
                // Whoever does not read the answer still has the exit code.
                drop(output.json(problem));
                return ExitCode::FAILURE;
            }
            Self::Unreachable(message) => {
                eprintln!("{message}");
                EXIT_UNREACHABLE
            }
            Self::Other(message) => {
                eprintln!("{message}");
                return ExitCode::FAILURE;
            }
            Self::Unread => 0,
        };
        ExitCode::from(code)
    }

    /// When the service says that the same request may do better.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(_, retry_after) => *retry_after,
            _ => None,
        }
    }

    /// In one line.
    pub(super) fn message(&self) -> String {
        match self {
            Self::Usage(message) | Self::Unreachable(message) | Self::Other(message) => {
                message.clone()
            }
            Self::Refused(problem, _) => plain(&problem.detail),
            Self::Unread => "nobody reads what is printed".to_owned(),
        }
    }
}

/// An argument as the API takes it, or what the API would say against it.
pub(super) fn value<T: FromStr<Err: Display>>(argument: &str, text: &str) -> Result<T, Fault> {
    text.parse()
        .map_err(|error| Fault::Usage(format!("{argument}: {error}")))
}

/// What the service said, and what it found wrong with each part.
fn refusal(problem: &Problem) -> String {
    let faults = problem
        .errors
        .iter()
        .map(|part| format!("\n  {}: {}", plain(&part.name), plain(&part.detail)));
    plain(&problem.detail) + &faults.collect::<String>()
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

impl From<Error<Problem>> for Fault {
    fn from(error: Error<Problem>) -> Self {
        match error {
            Error::InvalidRequest(message) => Self::Usage(message),
            Error::ErrorResponse(problem) => {
                let retry_after = retry_after(problem.headers());
                Self::Refused(Box::new(problem.into_inner()), retry_after)
            }
            Error::CommunicationError(error)
            | Error::InvalidUpgrade(error)
            | Error::ResponseBodyError(error) => error.into(),
            Error::UnexpectedResponse(response) => {
                let origin = response.url().origin().ascii_serialization();
                let message = format!("{origin} answers {}", response.status());
                if response.status().is_server_error() {
                    Self::Unreachable(message)
                } else {
                    Self::Other(message)
                }
            }
            Error::InvalidResponsePayload(_, error) => Self::Other(format!(
                "the answer is not one of registrywatcher's API: {error}"
            )),
            Error::Custom(message) => Self::Other(message),
        }
    }
}

impl From<reqwest::Error> for Fault {
    fn from(error: reqwest::Error) -> Self {
        let origin = error.url().map_or_else(
            || "the service".to_owned(),
            |url| url.origin().ascii_serialization(),
        );
        let mut cause = error.source();
        while let Some(deeper) = cause.and_then(std::error::Error::source) {
            cause = Some(deeper);
        }
        let cause = cause.map_or_else(String::new, |cause| format!(": {cause}"));
        let what = if error.is_timeout() {
            "does not answer in time"
        } else if error.is_body() || error.is_decode() {
            "broke its answer off"
        } else {
            "does not answer"
        };
        Self::Unreachable(format!("{origin} {what}{cause}"))
    }
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            Self::Unread
        } else {
            Self::Other(format!("cannot print: {error}"))
        }
    }
}
