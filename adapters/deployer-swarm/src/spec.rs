mod edit;
mod mode;
mod template;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

pub(crate) use edit::Wanted;
pub(crate) use mode::Mode;
pub(crate) use template::Template;

/// What a service is to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spec<'a>(pub(crate) &'a Value);

impl<'a> Spec<'a> {
    pub(crate) fn name(self) -> &'a str {
        self.0["Name"].as_str().unwrap_or_default()
    }

    /// The labels of the service itself, which its containers do not have.
    pub(crate) fn labels(self) -> BTreeMap<&'a str, &'a str> {
        let labels = self.0["Labels"].as_object().into_iter().flatten();
        labels
            .filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)))
            .collect()
    }

    /// What its tasks are to be.
    pub(crate) fn template(self) -> Template<'a> {
        Template(&self.0["TaskTemplate"])
    }

    pub(crate) fn mode(self) -> Mode {
        Mode::read(&self.0["Mode"])
    }

    /// How long Swarm watches a task after its update.
    pub(crate) fn monitor(self) -> Duration {
        const DEFAULT: Duration = Duration::from_secs(5);
        match self.0["UpdateConfig"]["Monitor"].as_u64() {
            None | Some(0) => DEFAULT,
            Some(nanos) => Duration::from_nanos(nanos),
        }
    }

    /// Whether Swarm goes on although updated tasks fail, and so watches none of them.
    pub(crate) fn ignores_failures(self) -> bool {
        self.0["UpdateConfig"]["FailureAction"] == "continue"
    }

    /// How many tasks are updated at once; all of them where it is 0.
    pub(crate) fn parallelism(self) -> u64 {
        self.0["UpdateConfig"]["Parallelism"].as_u64().unwrap_or(1)
    }

    /// How long Swarm waits between two groups of tasks.
    pub(crate) fn delay(self) -> Duration {
        let nanos = self.0["UpdateConfig"]["Delay"].as_u64();
        Duration::from_nanos(nanos.unwrap_or_default())
    }
}
