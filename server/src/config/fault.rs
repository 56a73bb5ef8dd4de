use std::fmt;
use std::str::FromStr;

use super::key::Key;
use super::layer::Layers;

/// Something wrong with, or remarkable about, one value of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file or the environment variable that the value stands in.
    pub source: String,
    /// Which value; empty for the source as a whole.
    pub key: Key,
    /// What was found, and what to do. Never a secret.
    pub problem: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.source)?;
        if !self.key.segments().is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.problem)
    }
}

/// Everything that is wrong with a configuration, one finding a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", lines(.faults))]
pub struct ConfigError {
    /// What is wrong; at least one.
    pub faults: Vec<Finding>,
}

fn lines(faults: &[Finding]) -> String {
    faults
        .iter()
        .map(Finding::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

/// Collects what is found, so that one run of the program tells everything.
#[derive(Debug)]
pub(super) struct Findings<'a> {
    layers: &'a Layers,
    faults: Vec<Finding>,
    warnings: Vec<Finding>,
    /// What could not even be read, so that nothing inside it is missed again.
    unreadable: Vec<Key>,
}

impl<'a> Findings<'a> {
    pub(super) fn new(layers: &'a Layers) -> Self {
        Self {
            layers,
            faults: Vec::new(),
            warnings: Vec::new(),
            unreadable: Vec::new(),
        }
    }

    /// The faults, then the warnings.
    pub(super) fn into_parts(self) -> (Vec<Finding>, Vec<Finding>) {
        (self.faults, self.warnings)
    }

    pub(super) fn fault(&mut self, key: &Key, problem: impl fmt::Display) {
        let finding = self.finding(key, &problem);
        self.faults.push(finding);
    }

    /// A fault of shape: the value has the wrong type, or its key is not known.
    pub(super) fn unreadable(&mut self, key: Key, problem: impl fmt::Display) {
        self.fault(&key, problem);
        self.unreadable.push(key);
    }

    pub(super) fn warn(&mut self, key: &Key, problem: impl fmt::Display) {
        let finding = self.finding(key, &problem);
        self.warnings.push(finding);
    }

    /// The value, or a fault that it is missing; silent if what stood there was found faulty already.
    pub(super) fn require<T>(
        &mut self,
        key: &Key,
        value: Option<T>,
        problem: impl fmt::Display,
    ) -> Option<T> {
        let twin = key.file_twin();
        let is_told = self
            .unreadable
            .iter()
            .any(|unreadable| key.is_within(unreadable))
            || self
                .faults
                .iter()
                .any(|fault| fault.key.is_within(key) || fault.key == twin);
        if value.is_none() && !is_told {
            self.fault(key, problem);
        }
        value
    }

    /// The value, or a fault with the error's words.
    pub(super) fn accept<T, E: fmt::Display>(
        &mut self,
        key: &Key,
        result: Result<T, E>,
    ) -> Option<T> {
        result.map_err(|error| self.fault(key, error)).ok()
    }

    /// What `text` parses to, or a fault with the parser's words.
    pub(super) fn parse<T>(&mut self, key: &Key, text: &str) -> Option<T>
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        self.accept(key, text.parse())
    }

    /// Where the value at `key` stands.
    pub(super) fn source_of(&self, key: &Key) -> String {
        self.layers.source_of(key)
    }

    fn finding(&self, key: &Key, problem: &dyn fmt::Display) -> Finding {
        Finding {
            source: self.layers.source_of(key),
            key: key.clone(),
            problem: in_one_line(&problem.to_string()),
        }
    }
}

fn in_one_line(text: &str) -> String {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}
