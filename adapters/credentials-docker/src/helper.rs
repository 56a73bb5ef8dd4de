mod answer;
mod process;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use registrywatcher::ports::Credential;
use tokio::time::Instant;

use crate::fault::Fault;

/// The limits of credential helpers.
#[derive(Debug, Clone)]
pub struct HelperSettings {
    /// After how long a helper that has not answered is killed.
    pub timeout: Duration,
    /// How long an answer is used before the helper is asked again.
    pub remembered_for: Duration,
    /// Where helpers are looked for, in the form of `PATH`; `None` for this process's own `PATH`.
    pub search_path: Option<OsString>,
}

impl Default for HelperSettings {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            remembered_for: Duration::from_mins(5),
            search_path: None,
        }
    }
}

/// Asks credential helpers, one at a time for each server, and remembers what they said.
#[derive(Debug)]
pub(crate) struct Helpers {
    settings: HelperSettings,
    answers: Mutex<BTreeMap<(String, String), Slot>>,
}

/// Locked while its helper runs, so that those who ask meanwhile share the answer.
type Slot = Arc<tokio::sync::Mutex<Option<Answer>>>;

#[derive(Debug)]
struct Answer {
    since: Instant,
    credential: Option<Credential>,
}

impl Helpers {
    pub(crate) fn new(settings: HelperSettings) -> Self {
        Self {
            settings,
            answers: Mutex::default(),
        }
    }

    /// What `docker-credential-<name>` keeps for `server`, or `None` if it knows nothing of it.
    pub(crate) async fn get(
        &self,
        name: &str,
        server: String,
    ) -> Result<Option<Credential>, Fault> {
        let slot = self.slot(name, &server);
        let mut answer = slot.lock().await;
        if let Some(Answer { since, credential }) = &*answer
            && since.elapsed() < self.settings.remembered_for
        {
            return Ok(credential.clone());
        }
        let program = format!("docker-credential-{name}");
        tracing::debug!(helper = %program, %server, "asking the credential helper");
        let credential = match self.ask(name, &program, &server).await {
            Ok(credential) => credential,
            Err(problem) => return Err(Fault::Helper { program, problem }),
        };
        *answer = Some(Answer {
            since: Instant::now(),
            credential: credential.clone(),
        });
        Ok(credential)
    }

    async fn ask(
        &self,
        name: &str,
        program: &str,
        server: &str,
    ) -> Result<Option<Credential>, String> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if !name.chars().all(is_plain) {
            return Err("a helper's name has letters, digits, `.`, `_` and `-`".to_owned());
        }
        let output = process::run(program, server, &self.settings).await?;
        answer::read(&output)
    }

    fn slot(&self, name: &str, server: &str) -> Slot {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(
            answers
                .entry((name.to_owned(), server.to_owned()))
                .or_default(),
        )
    }
}
