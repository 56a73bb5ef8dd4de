//! What a client sees of the simulated services, over real HTTP.

#[cfg(test)]
mod client;
#[cfg(test)]
mod nomad;
#[cfg(test)]
mod registry;
