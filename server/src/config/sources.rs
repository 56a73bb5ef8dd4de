use std::path::PathBuf;

use figment::value::{Dict, Value};

use super::environment::Environment;
use super::fault::{ConfigError, Finding, Findings};
use super::key::Key;
use super::layer::{Layer, Layers, Rank};
use super::reading::read;
use super::secret::read_file;
use super::{Config, Wire, go_service};

/// The defaults, embedded.
const DEFAULTS: &str = include_str!("../../../config/default.toml");

/// Where a configuration is read from, besides the embedded defaults.
#[derive(Debug, Default)]
pub struct Sources {
    inputs: Vec<Input>,
    environment: Environment,
}

#[derive(Debug)]
enum Input {
    File(PathBuf),
    Text { name: String, toml: String },
}

/// A configuration, and what its author should know about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// What is accepted but has no effect, or not the one that was meant.
    pub warnings: Vec<Finding>,
}

impl Sources {
    /// The embedded defaults alone.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file, which wins over those before it.
    #[must_use]
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.inputs.push(Input::File(path.into()));
        self
    }

    /// Adds what a file named `name` would hold.
    #[must_use]
    pub fn text(mut self, name: impl Into<String>, toml: impl Into<String>) -> Self {
        self.inputs.push(Input::Text {
            name: name.into(),
            toml: toml.into(),
        });
        self
    }

    /// Sets the environment, which wins over all files.
    #[must_use]
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }

    /// Reads, merges and checks everything.
    pub fn load(self) -> Result<Loaded, ConfigError> {
        let Self {
            inputs,
            environment,
        } = self;
        let mut layers = read_all(inputs)?;
        let (mut faults, mut warnings) = translate_all(&mut layers, &environment);
        let below = Layers::merge(layers.clone());
        layers.extend(environment.layers(below.root()));
        let layers = Layers::merge(layers);
        let mut findings = Findings::new(&layers);
        let wire: Wire = read(layers.root().clone(), &mut findings);
        let config = wire.check(&mut findings);
        let (found, warned) = findings.into_parts();
        faults.extend(found);
        warnings.extend(warned);
        match config {
            Some(config) if faults.is_empty() => Ok(Loaded { config, warnings }),
            _ => Err(ConfigError { faults }),
        }
    }
}

/// The defaults and all inputs. What cannot be read is not checked any further: what it lacks may stand in it.
fn read_all(inputs: Vec<Input>) -> Result<Vec<Layer>, ConfigError> {
    let defaults = Input::Text {
        name: "the defaults".to_owned(),
        toml: DEFAULTS.to_owned(),
    };
    let mut layers = Vec::new();
    let mut faults = Vec::new();
    for (index, input) in std::iter::once(defaults).chain(inputs).enumerate() {
        let rank = if index == 0 {
            Rank::Default
        } else {
            Rank::File(index)
        };
        match input.read(rank) {
            Ok(layer) => layers.push(layer),
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() {
        Ok(layers)
    } else {
        Err(ConfigError { faults })
    }
}

/// Translates the files of the Go service; gives faults, then warnings.
fn translate_all(layers: &mut [Layer], environment: &Environment) -> (Vec<Finding>, Vec<Finding>) {
    let (mut faults, mut warnings) = (Vec::new(), Vec::new());
    for layer in layers
        .iter_mut()
        .filter(|layer| go_service::is_go_shaped(&layer.values))
    {
        let translation = go_service::translate(layer, environment);
        faults.extend(translation.faults);
        warnings.extend(translation.warnings);
        layer.values = translation.values;
    }
    (faults, warnings)
}

impl Input {
    fn read(self, rank: Rank) -> Result<Layer, Finding> {
        let (source, toml) = match self {
            Self::Text { name, toml } => (name, Ok(toml)),
            Self::File(path) => (path.display().to_string(), read_file(&path)),
        };
        let values = toml.and_then(|toml| parse(&toml));
        match values {
            Ok(values) => Ok(Layer {
                source,
                rank,
                values,
            }),
            Err(problem) => Err(Finding {
                source,
                key: Key::root(),
                problem,
            }),
        }
    }
}

/// Reads TOML; the parser's own report would quote the line, and with it a secret.
fn parse(toml: &str) -> Result<Dict, String> {
    let table: toml::Table = toml.parse().map_err(|error: toml::de::Error| {
        let before = error
            .span()
            .and_then(|span| toml.get(..span.start))
            .unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let message = error.message().lines().collect::<Vec<_>>().join(", ");
        format!("line {line} is no TOML: {message}")
    })?;
    let values =
        Value::serialize(table).map_err(|_| "holds a value that cannot be read".to_owned())?;
    Ok(values.into_dict().unwrap_or_default())
}
