use sha2::{Digest, Sha256};

use super::document::Document;
use super::{Config, watches};

impl Config {
    /// Tells this configuration from others by what it decides: what is watched, where it is deployed to, and who is told.
    ///
    /// Secrets are left out, and so is what may differ between replicas of one configuration, such as addresses that are
    /// listened on.
    pub fn fingerprint(&self) -> String {
        let mut document = Document::default();
        for (host, registry) in &self.registries {
            registry.write(host, &mut document);
        }
        for (name, deployer) in &self.deployers {
            deployer.write(name, &mut document);
        }
        for (name, sink) in &self.notifications {
            sink.write(name, &mut document);
        }
        for watch in self.watches.values() {
            watches::write(watch, &mut document);
        }
        format!("{:x}", Sha256::digest(document.finish()))
    }
}
