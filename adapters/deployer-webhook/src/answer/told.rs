use registrywatcher::deployment::Failure;
use serde_json::Value;

use crate::handle::Outcome;

/// What the body of an answer tells; whatever it does not tell in the form of the protocol counts as not said.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) word: Option<Word>,
    pub(super) status_url: Option<String>,
    pub(super) message: Option<String>,
    pub(super) fault: Option<Fault>,
    pub(super) restored: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    Running,
    Succeeded,
    Failed,
    Superseded,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Image,
    Workload,
    Orchestrator,
}

/// Where a receiver may say what is wrong: our own key, those of problem+json, and a common one.
const MESSAGES: [&str; 4] = ["message", "detail", "title", "error"];

/// How much of a message people see.
const LONGEST_MESSAGE: usize = 500;

impl Told {
    pub(super) fn read(body: &str) -> Self {
        let Ok(Value::Object(told)) = serde_json::from_str(body) else {
            return Self {
                message: shown(body).filter(|text| !text.starts_with(['<', '{', '['])),
                ..Self::default()
            };
        };
        let text = |key: &str| told.get(key).and_then(Value::as_str);
        Self {
            word: text("status").and_then(Word::read),
            status_url: text("status_url").map(str::to_owned),
            message: MESSAGES.into_iter().find_map(|key| shown(text(key)?)),
            fault: text("fault").and_then(Fault::read),
            restored: told.get("restored").and_then(Value::as_bool) == Some(true),
        }
    }

    /// How the rollout ended, if the body says that it has.
    pub(super) fn outcome(&self) -> Option<Outcome> {
        match self.word? {
            Word::Running => None,
            Word::Succeeded => Some(Outcome::Succeeded),
            Word::Superseded => Some(Outcome::Superseded),
            Word::Failed => {
                let message = self.message.clone();
                let message = message.unwrap_or_else(|| "the receiver does not say why".to_owned());
                Some(Outcome::Failed {
                    reason: self.fault.unwrap_or(Fault::Image).explained(message),
                    restored: self.restored,
                })
            }
        }
    }
}

impl Word {
    fn read(text: &str) -> Option<Self> {
        Some(match text {
            "running" => Self::Running,
            "succeeded" => Self::Succeeded,
            "failed" => Self::Failed,
            "superseded" => Self::Superseded,
            _ => return None,
        })
    }
}

impl Fault {
    fn read(text: &str) -> Option<Self> {
        Some(match text {
            "image" => Self::Image,
            "workload" => Self::Workload,
            "orchestrator" => Self::Orchestrator,
            _ => return None,
        })
    }

    fn explained(self, message: String) -> Failure {
        match self {
            Self::Image => Failure::Image { message },
            Self::Workload => Failure::Workload { message },
            Self::Orchestrator => Failure::Orchestrator { message },
        }
    }
}

/// The start of a text on one line, if there is any.
fn shown(text: &str) -> Option<String> {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect();
    let line: String = words.join(" ").chars().take(LONGEST_MESSAGE).collect();
    (!line.is_empty()).then_some(line)
}
