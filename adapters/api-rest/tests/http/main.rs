//! The REST interface over the in-memory adapters.

// The mark lets helper functions `unwrap`, as the lints let test functions.
#[cfg(test)]
mod authors;
#[cfg(test)]
mod call;
#[cfg(test)]
mod dead_letters;
#[cfg(test)]
mod demands;
#[cfg(test)]
mod deployments;
#[cfg(test)]
mod docs;
#[cfg(test)]
mod document;
#[cfg(test)]
mod edge;
#[cfg(test)]
mod events;
#[cfg(test)]
mod examples;
#[cfg(test)]
mod explanations;
#[cfg(test)]
mod freezes;
#[cfg(test)]
mod go;
#[cfg(test)]
mod house;
#[cfg(test)]
mod instance;
#[cfg(test)]
mod intents;
#[cfg(test)]
mod mishaps;
#[cfg(test)]
mod probes;
#[cfg(test)]
mod promotions;
#[cfg(test)]
mod quarantine;
#[cfg(test)]
mod roles;
#[cfg(test)]
mod rollback;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod searches;
#[cfg(test)]
mod stream;
#[cfg(test)]
mod tokens;
#[cfg(test)]
mod watches;
