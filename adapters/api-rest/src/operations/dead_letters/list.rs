use poem_openapi::param::Query;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};
use registrywatcher::ports::{self, DeadLetterQuery};

use crate::operations::{Group, Served};
use crate::permitted::{Permitted, Viewing};
use crate::problem::{Failure, Kind, Problems};
use crate::wire::{Timestamp, default_limit};

/// More sinks than anybody has: so many letters there can be of one event.
const SINKS: u32 = 200;

/// An event that a sink could not be told.
#[derive(Debug, Object)]
struct DeadLetter {
    /// Which sink.
    sink: String,
    /// Which event.
    event: u64,
    /// When it was given up.
    at: Timestamp,
    /// How often it was tried.
    attempts: u32,
    /// Why it was given up, in the sink's words.
    fault: String,
}

/// A page of dead letters.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
struct DeadLetterPage {
    /// The dead letters, those of the oldest event first.
    items: Vec<DeadLetter>,
    /// What to give as `after` to get the next page; left out on the last one.
    next: Option<u64>,
}

#[derive(ApiResponse)]
enum Answer {
    /// A page of dead letters.
    #[oai(status = 200)]
    Listed(Json<DeadLetterPage>),
}

struct Refusals;

impl Problems for Refusals {
    const KINDS: &[Kind] = &[Kind::Invalid, Kind::StoreUnavailable];
}

pub(crate) struct ListDeadLetters;

#[OpenApi(prefix_path = "/api/v1", tag = "Group::DeadLetters")]
impl ListDeadLetters {
    /// List dead letters
    ///
    /// The events that sinks refused, or could not take for too long; those of the oldest event first.
    #[oai(
        path = "/dead-letters",
        method = "get",
        operation_id = "listDeadLetters"
    )]
    async fn list_dead_letters(
        &self,
        _caller: Permitted<Viewing>,
        app: Served<'_>,
        /// Only those of this sink.
        sink: Query<Option<String>>,
        /// Only those of events after this one.
        #[oai(validator(maximum(value = "9007199254740991")))]
        after: Query<Option<u64>>,
        /// How many items the page has at most; it has more where several sinks could not be told the last event.
        #[oai(
            default = "default_limit",
            validator(minimum(value = "1"), maximum(value = "200"))
        )]
        limit: Query<u32>,
    ) -> Result<Answer, Failure<Refusals>> {
        let query = DeadLetterQuery {
            sink: sink.0,
            after: after.0.unwrap_or_default(),
            limit: limit.0 + SINKS,
        };
        let read = app.dead_letters(&query).await?;
        Ok(Answer::Listed(Json(DeadLetterPage::of(read, limit.0))))
    }
}

impl DeadLetterPage {
    /// Ends between two events, for its cursor is one.
    fn of(mut read: Vec<ports::DeadLetter>, limit: u32) -> Self {
        let limit = limit as usize;
        let last = limit.checked_sub(1).and_then(|last| read.get(last));
        let last = last.map(|letter| letter.event);
        let shown = read.partition_point(|letter| last.is_none_or(|last| letter.event <= last));
        let next = last.filter(|_| shown < read.len());
        read.truncate(shown);
        let items = read.into_iter().map(DeadLetter::from).collect();
        Self { items, next }
    }
}

impl From<ports::DeadLetter> for DeadLetter {
    fn from(letter: ports::DeadLetter) -> Self {
        Self {
            sink: letter.sink,
            event: letter.event,
            at: letter.at.into(),
            attempts: letter.attempts,
            fault: letter.problem,
        }
    }
}
