use std::collections::BTreeMap;
use std::path::PathBuf;
use std::pin::pin;
use std::process::Stdio;
use std::time::Duration;

use futures::future::{self, Either};
use registrywatcher::ports::{BuildError, Environment, Progress};
use secrecy::{ExposeSecret, SecretString};
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::oneshot;

use crate::input::Input;
use crate::outcome::Ended;
use crate::process_group::ProcessGroup;
use crate::settings::Settings;
use crate::tail::Tail;

/// The command of the settings, ready to be run.
#[derive(Debug)]
pub(crate) struct Program {
    path: String,
    arguments: Vec<String>,
    environment: BTreeMap<String, SecretString>,
    working_directory: Option<PathBuf>,
    timeout: Duration,
    grace: Duration,
    shows_output: bool,
}

/// How long output is waited for after the command itself is gone: something that it left behind may hold it open.
const DRAIN: Duration = Duration::from_secs(1);

impl Program {
    /// Takes what is passed through from `ours`.
    pub(crate) fn new(settings: Settings, ours: &Environment) -> Result<Self, BuildError> {
        settings.check()?;
        let mut arguments = settings.command;
        let path = arguments.remove(0);
        let passed = settings
            .inherit_environment
            .into_iter()
            .chain(["PATH".to_owned()]);
        let mut environment: BTreeMap<String, SecretString> = passed
            .filter_map(|name| ours(&name).map(|value| (name, value.into())))
            .collect();
        environment.extend(settings.environment);
        Ok(Self {
            path,
            arguments,
            environment,
            working_directory: settings.working_directory,
            timeout: settings.timeout,
            grace: settings.grace,
            shows_output: settings.show_output,
        })
    }

    /// How long it may run.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// What is run, for messages.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Runs it to its end, its timeout, or until `stop` is sent.
    pub(crate) async fn run(&self, input: Input, stop: oneshot::Receiver<()>) -> Progress {
        let mut stdout = Tail::default();
        let mut stderr = Tail::default();
        let ended = match self.command(&input).spawn() {
            Ok(child) => {
                self.attend(child, &input, stop, &mut stdout, &mut stderr)
                    .await
            }
            Err(error) => Ended::NotStarted(error),
        };
        tracing::debug!(
            program = self.path,
            ?ended,
            stdout = stdout.text(),
            stderr = stderr.text(),
            "the command ended"
        );
        let mut last_lines = stderr.last_lines();
        if last_lines.is_empty() {
            last_lines = stdout.last_lines();
        }
        ended.judge(&self.path, &last_lines)
    }

    fn command(&self, input: &Input) -> Command {
        let mut command = Command::new(&self.path);
        command
            .args(&self.arguments)
            .env_clear()
            .envs(
                self.environment
                    .iter()
                    .map(|(name, value)| (name, value.expose_secret())),
            )
            .envs(input.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        if let Some(directory) = &self.working_directory {
            command.current_dir(directory);
        }
        command
    }

    async fn attend(
        &self,
        mut child: Child,
        input: &Input,
        stop: oneshot::Receiver<()>,
        stdout: &mut Tail,
        stderr: &mut Tail,
    ) -> Ended {
        let group = ProcessGroup::of(&child);
        let talk = future::join3(
            feed(child.stdin.take(), &input.json),
            stdout.fill(child.stdout.take(), self.shows_output.then(std::io::stdout)),
            stderr.fill(child.stderr.take(), self.shows_output.then(std::io::stderr)),
        );
        let end = self.wait(child, group, stop);
        match future::select(pin!(end), pin!(talk)).await {
            Either::Left((ended, talk)) => {
                let _ = tokio::time::timeout(DRAIN, talk).await;
                ended
            }
            Either::Right((_, end)) => end.await,
        }
    }

    async fn wait(
        &self,
        mut child: Child,
        mut group: ProcessGroup,
        stop: oneshot::Receiver<()>,
    ) -> Ended {
        let ended = tokio::select! {
            biased;
            status = child.wait() => {
                group.release();
                return status.map_or_else(Ended::Lost, Ended::Exited);
            }
            Ok(()) = stop => Ended::Superseded,
            () = tokio::time::sleep(self.timeout) => Ended::TimedOut(self.timeout),
        };
        group.end(&mut child, self.grace).await;
        ended
    }
}

/// Writes `text` and closes; a command that does not read it is none the worse.
async fn feed(stdin: Option<ChildStdin>, text: &str) {
    if let Some(mut stdin) = stdin {
        let _ = stdin.write_all(text.as_bytes()).await;
    }
}
