//! The registrywatcher binary with the deployers that come with it.

use std::process::ExitCode;

fn main() -> ExitCode {
    registrywatcher_server::run(&registrywatcher_server::catalogue())
}
