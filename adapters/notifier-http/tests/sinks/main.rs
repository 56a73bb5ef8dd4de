//! Every sink over real HTTP, against a webhook on loopback.

// The mark lets helper functions `unwrap`, as the lints let test functions.
#[cfg(test)]
mod cloudevents;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod delivery;
#[cfg(test)]
mod notifiers;
#[cfg(test)]
mod settings;
#[cfg(test)]
mod sink;
