use std::collections::BTreeMap;
use std::path::Path;

use tempfile::TempDir;
use tokio::process::Command;

use crate::child::{Ended, RunningChild};
use crate::service::Service;

/// The configuration's name, which is also the one that is read by default.
const CONFIG: &str = "registrywatcher.toml";

/// The binary in a folder of its own, with a configuration and an environment of its own.
pub(crate) struct Program {
    folder: TempDir,
    environment: BTreeMap<String, String>,
}

impl Program {
    /// With `config` as its file, and an environment that holds nothing of the test's.
    pub(crate) fn new(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(CONFIG), config).unwrap();
        let home = folder.path().display().to_string();
        let path = std::env::var_os("PATH").unwrap_or_default();
        Self {
            folder,
            environment: BTreeMap::from([
                ("HOME".to_owned(), home),
                ("PATH".to_owned(), path.to_string_lossy().into_owned()),
            ]),
        }
    }

    /// Sets a variable of its environment.
    pub(crate) fn set(&mut self, variable: &str, value: &str) {
        self.environment
            .insert(variable.to_owned(), value.to_owned());
    }

    /// Writes another configuration.
    pub(crate) fn configure(&self, config: &str) {
        std::fs::write(self.folder().join(CONFIG), config).unwrap();
    }

    /// Looks for commands in `folder` before it looks elsewhere.
    pub(crate) fn prefer_commands_of(&mut self, folder: &Path) {
        let path = self.environment.entry("PATH".to_owned()).or_default();
        *path = format!("{}:{path}", folder.display());
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts it.
    pub(crate) fn start(&self, arguments: &[&str]) -> RunningChild {
        self.start_with(env!("CARGO_BIN_EXE_registrywatcher"), arguments)
    }

    /// Runs a script in its folder and environment, until the first command that fails.
    pub(crate) fn shell(&self, script: &str) -> RunningChild {
        self.start_with("sh", &["-euc", script])
    }

    fn start_with(&self, program: &str, arguments: &[&str]) -> RunningChild {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.folder())
            .env_clear()
            .envs(&self.environment);
        RunningChild::start(command)
    }

    /// Runs it to its end.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ended {
        self.start(arguments).ended().await
    }

    /// Starts it as a service, and waits until its API is up.
    pub(crate) async fn serve(&self) -> Service {
        self.serve_with(&[]).await
    }

    /// As [`Self::serve`], with more arguments.
    pub(crate) async fn serve_with(&self, arguments: &[&str]) -> Service {
        let arguments = [&["serve"], arguments].concat();
        Service::of(self.start(&arguments)).await
    }
}
