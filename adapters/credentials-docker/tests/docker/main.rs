//! `DockerCredentials` over real files and real helper processes.

// The mark lets helper functions `unwrap`, as the lints let test functions.
#[cfg(test)]
mod config_file;
#[cfg(test)]
mod configured;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod discovery;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod helper;
