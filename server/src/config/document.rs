use std::path::Path;
use std::time::Duration;

use toml::Value;

use super::key::quoted;
use super::scalar::duration_text;
use super::secret::{REDACTED, Secret};

/// Writes a configuration as people write it: sections of plain pairs, small tables in line, secrets left out.
#[derive(Debug, Default)]
pub(super) struct Document {
    text: String,
}

impl Document {
    pub(super) fn section(&mut self, path: &[&str]) {
        let path: Vec<String> = path.iter().map(|segment| quoted(segment)).collect();
        self.line(&format!("\n[{}]", path.join(".")));
    }

    pub(super) fn list_item(&mut self, path: &str) {
        self.line(&format!("\n[[{path}]]"));
    }

    pub(super) fn pair(&mut self, key: &str, value: impl Into<Value>) {
        self.line(&format!("{} = {}", quoted(key), value.into()));
    }

    pub(super) fn duration(&mut self, key: &str, duration: Duration) {
        self.pair(key, duration_text(duration));
    }

    pub(super) fn path(&mut self, key: &str, path: &Path) {
        self.pair(key, path.display().to_string());
    }

    pub(super) fn secret(&mut self, key: &str, secret: &Secret) {
        self.secret_as(key, secret, |_| REDACTED.to_owned());
    }

    /// A secret of which `redact` leaves what may be seen.
    pub(super) fn secret_as(
        &mut self,
        key: &str,
        secret: &Secret,
        redact: impl Fn(&str) -> String,
    ) {
        match secret.file() {
            Some(file) => self.path(&format!("{key}_file"), file),
            None => self.pair(key, redact(secret.expose())),
        }
    }

    pub(super) fn finish(self) -> String {
        self.text.trim_start().to_owned()
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }
}
