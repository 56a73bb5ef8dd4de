//! The pages over the in-memory adapters, as a browser without JavaScript sees them.

#[cfg(test)]
mod actions;
#[cfg(test)]
mod browser;
#[cfg(test)]
mod deployments;
#[cfg(test)]
mod discovery;
#[cfg(test)]
mod edge;
#[cfg(test)]
mod house;
#[cfg(test)]
mod live;
#[cfg(test)]
mod looks;
#[cfg(test)]
mod roles;
#[cfg(test)]
mod sessions;
