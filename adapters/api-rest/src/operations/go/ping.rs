use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, OpenApi};

use crate::operations::Group;
use crate::problem::Message;

#[derive(ApiResponse)]
enum Answer {
    /// The service is alive.
    #[oai(status = 200)]
    Pong(Json<Message>),
}

pub(crate) struct Ping;

#[OpenApi(tag = "Group::Go")]
impl Ping {
    /// Whether the service is alive
    ///
    /// Answers as long as the process runs, whatever else is broken; needs no token.
    #[oai(path = "/ping", method = "get", operation_id = "ping")]
    async fn ping(&self) -> Answer {
        Answer::Pong(Json(Message::new("pong")))
    }
}
