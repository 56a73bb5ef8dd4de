use std::fmt;
use std::path::PathBuf;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

use super::document::Document;
use super::fault::Findings;
use super::key::Key;
use super::secret::read_file;

/// The key `docker_config`: whether Docker's own `config.json` says who is presented to registries without a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DockerConfig {
    /// It is not read.
    Off,
    /// It is read where Docker keeps it, if it is there.
    Standard,
    /// It is read from a file of its own.
    File(PathBuf),
}

impl DockerConfig {
    pub(super) fn write(&self, document: &mut Document) {
        match self {
            Self::Off => document.pair("docker_config", false),
            Self::Standard => document.pair("docker_config", true),
            Self::File(file) => document.path("docker_config", file),
        }
    }
}

pub(super) enum Wire {
    Switch(bool),
    File(PathBuf),
}

impl<'de> Deserialize<'de> for Wire {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SwitchOrFile;

        impl Visitor<'_> for SwitchOrFile {
            type Value = Wire;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`true`, `false`, or the path of a file")
            }

            fn visit_bool<E: Error>(self, on: bool) -> Result<Wire, E> {
                Ok(Wire::Switch(on))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Wire, E> {
                Ok(text
                    .parse()
                    .map_or_else(|_| Wire::File(text.into()), Wire::Switch))
            }
        }

        deserializer.deserialize_any(SwitchOrFile)
    }
}

pub(super) fn check(
    wire: Option<Wire>,
    at: &Key,
    findings: &mut Findings<'_>,
) -> Option<DockerConfig> {
    match findings.require(at, wire, "missing")? {
        Wire::Switch(false) => Some(DockerConfig::Off),
        Wire::Switch(true) => Some(DockerConfig::Standard),
        Wire::File(file) => {
            findings.accept(at, read_file(&file))?;
            Some(DockerConfig::File(file))
        }
    }
}
