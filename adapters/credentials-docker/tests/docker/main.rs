//! `DockerCredentials` over real files and real helper processes.

mod config_file;
mod configured;
mod conformance;
mod discovery;
mod fixture;
mod helper;
