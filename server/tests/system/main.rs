//! The binary itself, as a child process: against Debian's registry, PostgreSQL, and a simulated Nomad over real HTTP.

// The mark lets helper functions `unwrap`, as the lints let test functions.
#[cfg(test)]
mod child;
#[cfg(test)]
mod crashes;
#[cfg(test)]
mod ctl;
#[cfg(test)]
mod databases;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod discovery;
#[cfg(test)]
mod documentation;
#[cfg(test)]
mod engines;
#[cfg(test)]
mod examples;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod go_service;
#[cfg(test)]
mod handover;
#[cfg(test)]
mod notifications;
#[cfg(test)]
mod one_process;
#[cfg(test)]
mod operating;
#[cfg(test)]
mod orders;
#[cfg(test)]
mod outages;
#[cfg(test)]
mod own_job;
#[cfg(test)]
mod program;
#[cfg(test)]
mod replicas;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod service;
#[cfg(test)]
mod shutdown;
#[cfg(test)]
mod site;
#[cfg(test)]
mod streams;
#[cfg(test)]
mod tokens;
#[cfg(test)]
mod traces;
#[cfg(test)]
mod verbs;
#[cfg(test)]
mod wait;
#[cfg(test)]
mod watch_verb;
#[cfg(test)]
mod webhook;
