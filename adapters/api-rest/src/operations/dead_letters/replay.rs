use std::sync::Arc;

use poem_openapi::param::Path;
use poem_openapi::{ApiResponse, OpenApi};

use crate::operations::{self, Group, Served};
use crate::permitted::{Administering, Permitted};
use crate::problem::{Failure, Kind, Problems};

#[derive(ApiResponse)]
enum Answer {
    /// The sink took it, and it is no dead letter any more.
    #[oai(status = 204)]
    Replayed,
}

struct Refusals;

impl Problems for Refusals {
    const KINDS: &[Kind] = &[
        Kind::Invalid,
        Kind::UnknownSink,
        Kind::UnknownDeadLetter,
        Kind::LostRace,
        Kind::SinkRefused,
        Kind::StoreUnavailable,
        Kind::SinkUnavailable,
    ];
}

pub(crate) struct ReplayDeadLetter;

#[OpenApi(prefix_path = "/api/v1", tag = "Group::DeadLetters")]
impl ReplayDeadLetter {
    /// Replay a dead letter
    ///
    /// Offers the event to its sink again. If the sink does not take it, the dead letter stays.
    #[oai(
        path = "/dead-letters/:sink/:event/replay",
        method = "post",
        operation_id = "replayDeadLetter"
    )]
    async fn replay_dead_letter(
        &self,
        caller: Permitted<Administering>,
        app: Served<'_>,
        /// The name of the sink.
        sink: Path<String>,
        /// The event that it could not be told.
        #[oai(validator(maximum(value = "9007199254740991")))]
        event: Path<u64>,
    ) -> Result<Answer, Failure<Refusals>> {
        let app = Arc::clone(app.0);
        let replayed = async move { app.replay(&sink, event.0, &caller.author).await };
        operations::to_its_end(replayed).await?;
        Ok(Answer::Replayed)
    }
}
