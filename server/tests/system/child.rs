use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use crate::wait::PATIENCE;

/// A process that ends with the test that started it. If the test fails, what it wrote is printed.
pub(crate) struct RunningChild {
    child: Child,
    name: String,
    readers: Vec<JoinHandle<()>>,
    stdout: Lines,
    stderr: Lines,
}

/// How a process ended, and all that it wrote.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// What a process wrote so far.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<String>>);

impl RunningChild {
    pub(crate) fn start(mut command: Command) -> Self {
        let arguments = command.as_std().get_args();
        let name = arguments.fold(String::from("registrywatcher"), |name, argument| {
            format!("{name} {}", argument.to_string_lossy())
        });
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let (stdout, stderr) = (Lines::default(), Lines::default());
        let readers = vec![
            stdout.read(child.stdout.take().unwrap()),
            stderr.read(child.stderr.take().unwrap()),
        ];
        Self {
            child,
            name,
            readers,
            stdout,
            stderr,
        }
    }

    pub(crate) fn stdout(&self) -> String {
        self.stdout.text()
    }

    pub(crate) fn stderr(&self) -> String {
        self.stderr.text()
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// By which the kernel knows it.
    pub(crate) fn id(&self) -> u32 {
        self.child.id().expect("the process has not ended")
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let id = Pid::from_raw(i32::try_from(self.id()).unwrap()).unwrap();
        kill_process(id, signal).unwrap();
    }

    /// Waits until it ends by itself.
    pub(crate) async fn ended(mut self) -> Ended {
        let status = self.status().await;
        for reader in self.readers.drain(..) {
            // A grandchild may hold the pipe open.
            let _ = tokio::time::timeout(PATIENCE, reader).await;
        }
        Ended {
            code: status.code(),
            stdout: self.stdout(),
            stderr: self.stderr(),
        }
    }

    async fn status(&mut self) -> ExitStatus {
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        ended
            .unwrap_or_else(|_| panic!("`{}` does not end", self.name))
            .unwrap()
    }
}

impl Drop for RunningChild {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Self {
                name,
                stdout,
                stderr,
                ..
            } = self;
            eprintln!(
                "--- what `{name}` wrote\n{}{}---",
                stdout.text(),
                stderr.text()
            );
        }
    }
}

impl Lines {
    fn text(&self) -> String {
        self.0.lock().unwrap().clone()
    }

    fn read(&self, pipe: impl AsyncRead + Send + Unpin + 'static) -> JoinHandle<()> {
        let text = Arc::clone(&self.0);
        tokio::spawn(async move {
            let mut pipe = BufReader::new(pipe);
            let mut line = Vec::new();
            while pipe.read_until(b'\n', &mut line).await.unwrap_or(0) > 0 {
                text.lock()
                    .unwrap()
                    .push_str(&String::from_utf8_lossy(&line));
                line.clear();
            }
        })
    }
}
