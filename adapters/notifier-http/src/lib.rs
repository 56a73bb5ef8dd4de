//! The Notifier port over chat webhooks.
//!
//! What is told of an event is decided once, in `message`; each sink only gives it its form (`slack`), and all of them
//! are sent in the same way (`http`): bounded, tried again where that helps, and without a word about the address, which
//! is a secret.

mod http;
mod message;
mod slack;
mod text;

pub use http::{DeliveryLimits, SinkError};
pub use slack::SlackNotifier;
