use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use registrywatcher::ports::BuildError;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer};

use crate::input::RESERVED;

/// How the command is run; see the [crate's page](crate).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The program and its arguments; no shell reads them. `registrywatcher-deploy`, as the `PATH` finds it, if nothing is said.
    #[serde(default = "default_command")]
    pub command: Vec<String>,
    /// Variables that it gets; values may be secrets.
    #[serde(default)]
    pub environment: BTreeMap<String, SecretString>,
    /// Variables of ours that are passed through, where they are set.
    #[serde(default)]
    pub inherit_environment: Vec<String>,
    /// Where it runs; where we run if not given.
    pub working_directory: Option<PathBuf>,
    /// How long it may take.
    #[serde(default = "default_timeout", deserialize_with = "human_duration")]
    pub timeout: Duration,
    /// How long it may clean up after it was told to stop.
    #[serde(default = "default_grace", deserialize_with = "human_duration")]
    pub grace: Duration,
    /// Whether what it writes is written to our own output as well; `false` if nothing is said. The end of it is told of a command
    /// that fails in any case.
    #[serde(default)]
    pub show_output: bool,
}

impl Settings {
    /// The defaults around `command`.
    pub fn of_command(command: Vec<String>) -> Self {
        Self {
            command,
            environment: BTreeMap::new(),
            inherit_environment: Vec::new(),
            working_directory: None,
            timeout: default_timeout(),
            grace: default_grace(),
            show_output: false,
        }
    }

    /// Finds what the system would refuse only when the command is run.
    pub(crate) fn check(&self) -> Result<(), BuildError> {
        if self.command.first().is_none_or(String::is_empty) {
            return Err(fault(
                "command",
                "it is empty; name a program and its arguments".into(),
            ));
        }
        if self.command.iter().any(|argument| argument.contains('\0')) {
            return Err(fault(
                "command",
                "an argument cannot hold a NUL character".into(),
            ));
        }
        for name in self.environment.keys() {
            check_name("environment", name)?;
        }
        for name in &self.inherit_environment {
            check_name("inherit_environment", name)?;
        }
        if self.timeout.is_zero() {
            return Err(fault(
                "timeout",
                "the command needs some time; give one such as `10m`".into(),
            ));
        }
        Ok(())
    }
}

fn check_name(setting: &str, name: &str) -> Result<(), BuildError> {
    if name.is_empty() || name.contains(['=', '\0']) {
        return Err(fault(
            setting,
            format!("`{}` is no name of a variable", name.escape_debug()),
        ));
    }
    if name.starts_with(RESERVED) {
        return Err(fault(
            setting,
            format!(
                "`{name}`: names that start with `{RESERVED}` tell what is deployed; choose another"
            ),
        ));
    }
    Ok(())
}

fn fault(setting: &str, problem: String) -> BuildError {
    BuildError {
        setting: setting.to_owned(),
        problem,
    }
}

fn default_command() -> Vec<String> {
    vec!["registrywatcher-deploy".to_owned()]
}

fn default_timeout() -> Duration {
    Duration::from_mins(10)
}

fn default_grace() -> Duration {
    Duration::from_secs(10)
}

fn human_duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    humantime::parse_duration(&text).map_err(|problem| {
        serde::de::Error::custom(format_args!(
            "`{text}` is no duration such as `90s` or `10m`: {problem}"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Settings, String> {
        let settings: Settings = toml::from_str(text).map_err(|error| error.to_string())?;
        settings.check().map_err(|error| error.to_string())?;
        Ok(settings)
    }

    #[track_caller]
    fn rejects(text: &str, message: &str) {
        let error = read(text).expect_err("the settings are at fault");
        assert!(error.contains(message), "{error}");
    }

    #[test]
    fn a_command_alone_gets_ten_minutes_and_nothing_else() {
        let settings = read("command = ['./deploy.sh', '--quiet']").unwrap();
        assert_eq!(settings.command, ["./deploy.sh", "--quiet"]);
        assert_eq!(settings.timeout, Duration::from_mins(10));
        assert!(settings.environment.is_empty());
        assert!(settings.inherit_environment.is_empty());
    }

    #[test]
    fn where_nothing_is_said_one_command_is_looked_for() {
        assert_eq!(read("").unwrap().command, ["registrywatcher-deploy"]);
    }

    #[test]
    fn a_timeout_is_written_for_people() {
        let settings = read("command = ['true']\ntimeout = '1m 30s'").unwrap();
        assert_eq!(settings.timeout, Duration::from_secs(90));
        rejects(
            "command = ['true']\ntimeout = 'soon'",
            "`soon` is no duration such as `90s`",
        );
        rejects(
            "command = ['true']\ntimeout = '0s'",
            "timeout: the command needs some time",
        );
    }

    #[test]
    fn what_could_not_be_run_is_refused_when_it_is_read() {
        rejects("command = []", "command: it is empty");
        rejects("command = ['']", "command: it is empty");
        rejects(
            "command = ['a', \"\\u0000\"]",
            "command: an argument cannot hold a NUL",
        );
        rejects("command = ['a']\nshell = true", "unknown field `shell`");
        rejects(
            "command = ['a']\nenvironment = { 'A=B' = '' }",
            "environment: `A=B` is no name",
        );
        rejects(
            "command = ['a']\nenvironment = { RW_TAG = 'v1' }",
            "environment: `RW_TAG`: names",
        );
        rejects(
            "command = ['a']\ninherit_environment = ['']",
            "inherit_environment: `` is no name",
        );
    }

    #[test]
    fn the_values_of_variables_are_not_shown() {
        let settings = read("command = ['a']\nenvironment = { TOKEN = 'c0ffee' }").unwrap();
        let shown = format!("{settings:?}");
        assert!(
            shown.contains("TOKEN") && !shown.contains("c0ffee"),
            "{shown}"
        );
    }
}
