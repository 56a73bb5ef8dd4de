//! `SlackNotifier` over real HTTP, against a sink on loopback.

mod conformance;
mod delivery;
mod sink;
