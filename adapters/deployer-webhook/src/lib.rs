#![doc = include_str!("../README.md")]

mod address;
mod answer;
mod client;
mod credentials;
mod deployer;
mod error;
mod follow;
mod handle;
mod message;
mod pauses;
mod running;
mod settings;
mod signature;

pub use deployer::WebhookDeployer;
pub use settings::Settings;
