//! A registry that serves the pull side of the OCI distribution API.

mod api;
mod call;
mod content;
mod pull;
mod reply;
mod requests;
mod settings;
mod token;

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
};

use self::{api::Api, content::digest_of};
pub use self::{
    requests::RegistryRequests,
    settings::{Authentication, LinkStyle, Quota, RegistryFaults, RegistrySettings, TokenMembers},
};
use crate::server::{ANY_LOOPBACK, Host, lock};

/// An OCI registry in this process, over plain HTTP.
///
/// Clones are handles on the same registry; it stops when the last one is dropped. Pushes are Rust methods, since a
/// watcher only pulls. A closure given to a method runs while the registry stands still, so it must not call another
/// method.
#[derive(Debug, Clone)]
pub struct SimulatedRegistry {
    host: Arc<Host>,
    state: Arc<Mutex<api::State>>,
}

impl SimulatedRegistry {
    /// Starts on a free port of the loopback interface.
    pub async fn start() -> io::Result<Self> {
        Self::start_at(ANY_LOOPBACK).await
    }

    /// Starts on `address`.
    pub async fn start_at(address: SocketAddr) -> io::Result<Self> {
        let (host, listener) = Host::bind(address).await?;
        let state = api::State {
            host: host.address().to_string(),
            ..api::State::default()
        };
        let registry = Self {
            host: Arc::new(host),
            state: Arc::new(Mutex::new(state)),
        };
        registry.host.serve(listener, registry.api())?;
        Ok(registry)
    }

    /// Closes the port and cuts every connection, as a crash does. What was pushed stays.
    pub async fn stop(&self) {
        self.host.stop().await;
    }

    /// Serves again on the same port with the same content.
    pub async fn restart(&self) -> io::Result<()> {
        self.host.restart(self.api()).await
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.host.address()
    }

    /// The registry part of an image reference, `127.0.0.1:41523`.
    pub fn host(&self) -> String {
        self.address().to_string()
    }

    /// The base address, `http://127.0.0.1:41523`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Changes how the registry behaves when nothing is wrong.
    pub fn configure(&self, change: impl FnOnce(&mut RegistrySettings)) {
        change(&mut self.lock().settings);
    }

    /// Makes something go wrong.
    pub fn fault(&self, change: impl FnOnce(&mut RegistryFaults)) {
        change(&mut self.lock().faults);
    }

    /// Ends every fault.
    pub fn recover(&self) {
        self.lock().faults = RegistryFaults::default();
    }

    /// What has been asked so far.
    pub fn requests(&self) -> RegistryRequests {
        let state = self.lock();
        RegistryRequests {
            tokens_issued: state.tokens.issued,
            connections_open: self.host.connections().open(),
            connections_peak: self.host.connections().peak(),
            ..state.requests
        }
    }

    /// Takes back every token, as a registry does whose signing key is replaced.
    pub fn revoke_tokens(&self) {
        self.lock().tokens.revoke_all();
    }

    /// Begins a new window of the pull limit.
    pub fn refill_quota(&self) {
        self.lock().pulls = 0;
    }

    fn api(&self) -> Api {
        Api(Arc::clone(&self.state))
    }

    fn lock(&self) -> MutexGuard<'_, api::State> {
        lock(&self.state)
    }
}

/// What a push does.
impl SimulatedRegistry {
    /// Pushes a new image for `linux/amd64` under `tag` and returns its digest. No two images are alike, so the same tag
    /// gets other content each time.
    pub fn publish(&self, repository: &str, tag: &str) -> String {
        let content = &mut self.lock().content;
        let descriptor = content.push_image(repository, tag, "linux/amd64");
        let digest = digest_of(&descriptor).unwrap_or_default();
        tag_digest(content, repository, tag, digest)
    }

    /// Pushes an index over new images for `platforms` (`linux/arm64`, `linux/arm/v7`) under `tag` and returns the
    /// index's digest; with `attestation`, also the entry for `unknown/unknown` that `BuildKit` adds.
    pub fn publish_index(
        &self,
        repository: &str,
        tag: &str,
        platforms: &[&str],
        attestation: bool,
    ) -> String {
        let content = &mut self.lock().content;
        let digest = content.push_index(repository, tag, platforms, attestation);
        tag_digest(content, repository, tag, digest)
    }

    /// Pushes other content under a tag that exists, and returns its digest: an index over the same platforms where
    /// there was one, an image otherwise.
    pub fn repush(&self, repository: &str, tag: &str) -> String {
        let images = self.lock().content.images_of(repository, tag);
        let Some(images) = images else {
            return self.publish(repository, tag);
        };
        let platforms: Vec<String> = images.iter().map(platform_of).collect();
        let platforms: Vec<&str> = platforms.iter().map(String::as_str).collect();
        self.publish_index(repository, tag, &platforms, false)
    }

    /// Pushes an index over the same images with another attestation, and returns its digest; `None` where the tag has
    /// no index.
    pub fn resign(&self, repository: &str, tag: &str) -> Option<String> {
        let content = &mut self.lock().content;
        let images = content.images_of(repository, tag)?;
        let digest = content.push_index_of(repository, images, true);
        Some(tag_digest(content, repository, tag, digest))
    }

    /// Gives another tag to what `digest` names, without a push.
    pub fn tag(&self, repository: &str, tag: &str, digest: &str) {
        tag_digest(&mut self.lock().content, repository, tag, digest.to_owned());
    }

    /// Removes a tag; whether it was there.
    pub fn delete_tag(&self, repository: &str, tag: &str) -> bool {
        let content = &mut self.lock().content;
        let repository = content.repositories.get_mut(repository);
        repository.is_some_and(|repository| repository.delete_tag(tag))
    }

    /// Lets a tag alternate between its image and a new one at every request, as mirrors that disagree do. Returns the
    /// new one's digest.
    pub fn flap(&self, repository: &str, tag: &str) -> String {
        let content = &mut self.lock().content;
        let other = content.push_image(repository, tag, "linux/amd64");
        let other = digest_of(&other).unwrap_or_default();
        if let Some(repository) = content.repositories.get_mut(repository) {
            repository.flap(tag, other.clone());
        }
        other
    }

    /// Ends [`SimulatedRegistry::flap`]; the tag keeps the image it has now.
    pub fn settle(&self, repository: &str, tag: &str) {
        if let Some(repository) = self.lock().content.repositories.get_mut(repository) {
            repository.settle(tag);
        }
    }

    /// The digest under a tag.
    pub fn digest(&self, repository: &str, tag: &str) -> Option<String> {
        let content = &self.lock().content;
        content
            .repositories
            .get(repository)?
            .digest(tag)
            .map(str::to_owned)
    }

    /// The digest of the image for `platform` in the index under a tag.
    pub fn platform_digest(&self, repository: &str, tag: &str, platform: &str) -> Option<String> {
        let images = self.lock().content.images_of(repository, tag)?;
        let image = images.iter().find(|image| platform_of(image) == platform)?;
        digest_of(image)
    }

    /// The tags of a repository, in the order of their first push.
    pub fn tags(&self, repository: &str) -> Vec<String> {
        let content = &self.lock().content;
        let repository = content.repositories.get(repository);
        repository
            .map(|repository| repository.tags().to_vec())
            .unwrap_or_default()
    }
}

fn tag_digest(
    content: &mut content::Content,
    repository: &str,
    tag: &str,
    digest: String,
) -> String {
    let repository = content
        .repositories
        .entry(repository.to_owned())
        .or_default();
    repository.set_tag(tag, digest.clone());
    digest
}

fn platform_of(descriptor: &serde_json::Value) -> String {
    let members =
        ["os", "architecture", "variant"].map(|name| descriptor["platform"][name].as_str());
    members.into_iter().flatten().collect::<Vec<_>>().join("/")
}
