//! The core of registrywatcher.
//!
//! It holds the values of the field ([`image`], [`watch`], [`deployment`]), the pure rules over them ([`policy`],
//! [`decision`], [`discovery`]), the [`ports`] to the outside world, and the use cases that join the two ([`app`]). There is no
//! I/O here, no runtime and no wall clock: every adapter is a crate that depends on this one, never the other way round.
//!
//! The modules read from the ground up, and no arrow between them points up:
//!
//! ```text
//! app  ->  discovery  ->  ports  ->  token  ->  event  ->  decision  ->  deployment, freeze  ->  watch  ->  policy, intent, observation  ->  image
//! ```

pub mod app;
pub mod decision;
pub mod deployment;
pub mod discovery;
pub mod event;
pub mod freeze;
pub mod image;
pub mod intent;
pub mod observation;
pub mod policy;
pub mod ports;
pub mod text;
pub mod token;
pub mod watch;
