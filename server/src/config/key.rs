use std::fmt;

/// The place of a value in the configuration, such as `registries."ghcr.io".password`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Key(Vec<String>);

impl Key {
    /// The whole configuration.
    pub(super) fn root() -> Self {
        Self::default()
    }

    /// A key inside this one; in a list, its index.
    pub(super) fn child(&self, name: impl fmt::Display) -> Self {
        let mut path = self.0.clone();
        path.push(name.to_string());
        Self(path)
    }

    pub(super) fn segments(&self) -> &[String] {
        &self.0
    }

    /// The key under which the secret at this one can be given as a file.
    pub(super) fn file_twin(&self) -> Self {
        let mut path = self.0.clone();
        if let Some(last) = path.last_mut() {
            last.push_str("_file");
        }
        Self(path)
    }

    /// Whether this is `other` or inside it.
    pub(super) fn is_within(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }
}

impl From<Vec<String>> for Key {
    fn from(path: Vec<String>) -> Self {
        Self(path)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, segment) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(".")?;
            }
            f.write_str(&quoted(segment))?;
        }
        Ok(())
    }
}

/// A key as TOML writes it: bare where that is allowed.
pub(super) fn quoted(segment: &str) -> String {
    let is_bare = !segment.is_empty()
        && segment
            .bytes()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_'));
    if is_bare {
        segment.to_owned()
    } else {
        toml::Value::from(segment).to_string()
    }
}
