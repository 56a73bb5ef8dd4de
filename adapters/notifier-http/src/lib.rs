//! The Notifier port over HTTP: chat webhooks, and any endpoint that takes `CloudEvents`.
//!
//! What a chat is told of an event is decided once, in `message`; each chat only gives it its form (`slack`, `teams`,
//! `discord`, `mattermost`) and escapes what comes from outside (`text`). `cloudevents` tells every event, signed. All of
//! them are sent in the same way (`http`): bounded, tried again where that helps, and without a word about the address,
//! which is a secret.

mod attachment;
mod cloudevents;
mod discord;
mod error;
mod http;
mod mattermost;
mod message;
mod slack;
mod teams;
mod text;

pub use cloudevents::{CloudEventsNotifier, CloudEventsSettings};
pub use discord::{DiscordNotifier, DiscordSettings};
pub use error::SinkError;
pub use http::DeliveryLimits;
pub use mattermost::{MattermostNotifier, MattermostSettings};
pub use slack::{SlackNotifier, SlackSettings};
pub use teams::{TeamsNotifier, TeamsSettings};
