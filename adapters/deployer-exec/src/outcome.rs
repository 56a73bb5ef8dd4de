use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use registrywatcher::deployment::Failure;
use registrywatcher::ports::Progress;

/// How a run of a command ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// It could not be started.
    NotStarted(io::Error),
    /// It exited by itself, or somebody else killed it.
    Exited(ExitStatus),
    /// What became of it could not be learnt.
    Lost(io::Error),
    /// It took too long and was stopped.
    TimedOut(Duration),
    /// A newer deployment took its place.
    Superseded,
}

/// `EX_TEMPFAIL` of sysexits.h: try again later.
const TRY_AGAIN: i32 = 75;
/// What shells exit with when a program cannot be executed, or is not found.
const CANNOT_EXECUTE: i32 = 126;
const NOT_FOUND: i32 = 127;

impl Ended {
    /// What it means for the deployment; `last_lines` are the words of `program`.
    pub(crate) fn judge(&self, program: &str, last_lines: &str) -> Progress {
        let words = if last_lines.is_empty() {
            String::new()
        } else {
            format!(": {last_lines}")
        };
        let reason = match self {
            Self::Superseded => return Progress::Superseded,
            Self::NotStarted(error) => not_started(program, error),
            Self::Lost(error) => Failure::Orchestrator {
                message: format!("what became of `{program}` cannot be learnt: {error}"),
            },
            Self::TimedOut(timeout) => Failure::Orchestrator {
                message: format!(
                    "`{program}` was stopped after {}{words}",
                    humantime::format_duration(*timeout)
                ),
            },
            Self::Exited(status) => match (status.code(), status.signal()) {
                (Some(0), _) => return Progress::Succeeded,
                (Some(code), _) => {
                    exited(code, format!("`{program}` exited with code {code}{words}"))
                }
                (None, signal) => Failure::Orchestrator {
                    message: format!(
                        "`{program}` was killed by signal {}{words}",
                        signal.unwrap_or_default()
                    ),
                },
            },
        };
        Progress::Failed {
            reason,
            restored: false,
        }
    }
}

fn exited(code: i32, message: String) -> Failure {
    match code {
        TRY_AGAIN => Failure::Orchestrator { message },
        CANNOT_EXECUTE | NOT_FOUND => Failure::Workload { message },
        _ => Failure::Image { message },
    }
}

fn not_started(program: &str, error: &io::Error) -> Failure {
    let message = format!("`{program}` cannot be started: {error}");
    match error.kind() {
        io::ErrorKind::NotFound => Failure::Workload {
            message: format!("{message}; check `command`, `working_directory` and PATH"),
        },
        io::ErrorKind::PermissionDenied
        | io::ErrorKind::NotADirectory
        | io::ErrorKind::IsADirectory
        | io::ErrorKind::ArgumentListTooLong => Failure::Workload { message },
        // A file that is no program (ENOEXEC) has no kind of its own.
        _ if error.raw_os_error() == Some(rustix::io::Errno::NOEXEC.raw_os_error()) => {
            Failure::Workload {
                message: format!("{message}; does it begin with `#!`?"),
            }
        }
        _ => Failure::Orchestrator { message },
    }
}
