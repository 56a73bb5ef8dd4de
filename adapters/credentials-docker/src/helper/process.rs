use std::io;
use std::process::{ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

use super::HelperSettings;

/// Longer than any credential; what a helper writes beyond it is not read.
const MAX_STDOUT: u64 = 64 * 1024;

/// What a helper left behind.
pub(super) struct Output {
    pub(super) status: ExitStatus,
    pub(super) stdout: Vec<u8>,
}

/// Runs `program get` with `server` on its standard input; kills it when it takes too long.
pub(super) async fn run(
    program: &str,
    server: &str,
    settings: &HelperSettings,
) -> Result<Output, String> {
    let mut command = Command::new(program);
    command
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command.process_group(0).kill_on_drop(true);
    if let Some(path) = &settings.search_path {
        command.env("PATH", path);
    }
    let child = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => "there is no such program in `PATH`".to_owned(),
        _ => format!("it cannot be started: {error}"),
    })?;
    let mut running = Running(child);
    match tokio::time::timeout(settings.timeout, running.converse(server)).await {
        Ok(output) => output.map_err(|error| format!("it cannot be talked to: {error}")),
        Err(_) => Err(format!(
            "it did not answer within {:?} and was killed",
            settings.timeout
        )),
    }
}

/// A helper; dropped before its end, it is killed with all that it started.
struct Running(Child);

impl Running {
    async fn converse(&mut self, server: &str) -> io::Result<Output> {
        let stdin = self.0.stdin.take();
        let stdout = self.0.stdout.take();
        let tell = async {
            if let Some(mut stdin) = stdin {
                // A helper that answers without listening has closed its end; that is its own affair.
                let _ = stdin.write_all(server.as_bytes()).await;
            }
        };
        let listen = async {
            let mut heard = Vec::new();
            if let Some(stdout) = stdout {
                stdout.take(MAX_STDOUT).read_to_end(&mut heard).await?;
            }
            Ok::<_, io::Error>(heard)
        };
        let ((), heard) = tokio::join!(tell, listen);
        Ok(Output {
            stdout: heard?,
            status: self.0.wait().await?,
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let alive = self
            .0
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw);
        if let Some(group) = alive {
            // The group may just have ended; then there is nobody to kill.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
