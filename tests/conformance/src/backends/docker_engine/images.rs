use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use registrywatcher::image::Digest;
use reqwest::Method;
use serde_json::Value;

use super::{DockerEngine, accept};

impl DockerEngine {
    /// Builds an image from the one program of the tests and these instructions, under `repository:tag`, which is given.
    ///
    /// Its tag is its own content, so that another tag is another digest. The program is `/app`; its argument says how it
    /// behaves: see `app.c`.
    ///
    /// # Panics
    ///
    /// If the engine refuses.
    pub async fn build(&self, repository: &str, tag: &str, instructions: &[&str]) -> String {
        let mut query = vec![
            ("fromSrc", "-".to_owned()),
            ("repo", repository.to_owned()),
            ("tag", tag.to_owned()),
            ("changes", format!("LABEL version={tag}")),
        ];
        query.extend(
            instructions
                .iter()
                .map(|line| ("changes", (*line).to_owned())),
        );
        let file_system = std::fs::read(self.folder.join("app.tar"));
        let imported = self
            .request(Method::POST, "images/create")
            .query(&query)
            .body(file_system.expect("the script has made it"));
        accept(imported).await;
        format!("{repository}:{tag}")
    }

    /// Pushes an image that was built, presenting `auth` (`{"username": …, "password": …}`, or `{}`), and removes it here.
    ///
    /// # Panics
    ///
    /// If the engine or the registry refuses.
    pub async fn push_built(&self, reference: &str, auth: &str) -> Digest {
        let (repository, tag) = reference.rsplit_once(':').expect("a tag");
        let pushed = self
            .request(Method::POST, &format!("images/{repository}/push"))
            .query(&[("tag", tag)])
            .header("X-Registry-Auth", URL_SAFE.encode(auth));
        let told = accept(pushed).await;
        let digest = told
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .find_map(|line| line["aux"]["Digest"].as_str()?.parse().ok())
            .unwrap_or_else(|| panic!("no digest was told: {told}"));
        let removed = self.request(Method::DELETE, &format!("images/{reference}"));
        accept(removed).await;
        digest
    }

    /// Builds an image and pushes it to its registry, which asks for no credentials.
    ///
    /// # Panics
    ///
    /// If the engine or the registry refuses.
    pub async fn push(&self, repository: &str, tag: &str, instructions: &[&str]) -> Digest {
        let reference = self.build(repository, tag, instructions).await;
        self.push_built(&reference, "{}").await
    }
}
