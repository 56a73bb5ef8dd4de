//! `SlackNotifier` over real HTTP, against a sink on loopback.

// The mark lets helper functions `unwrap`, as the lints let test functions.
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod delivery;
#[cfg(test)]
mod sink;
