//! registrywatcher, with deployers of kind `file` beside those that come with it.

use std::process::ExitCode;

use registrywatcher_server::{catalogue, run};
use registrywatcher_with_files::FileDeployer;

fn main() -> ExitCode {
    run(&catalogue().with::<FileDeployer>())
}
